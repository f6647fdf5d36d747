/*
 * What the kernel writes in /proc and /sys, out of its text. Pure, and for any text: names in it
 * are others' to choose.
 */
#ifndef HP_TOOLS_MACHINE_PROC_H
#define HP_TOOLS_MACHINE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HP_UNLIMITED UINT64_MAX
#define HP_WORD_BYTES 32

/*
 * The value of a line "NAME:  123 kB", in bytes, or "NAME:  123": of meminfo, status, smaps_rollup.
 * False if there is no such line, or no number in it.
 */
bool hp_proc_field(const char *text, const char *name, uint64_t *out_value);

/* The process id in the innermost namespace, out of the text of /proc/PID/status. */
bool hp_proc_inner_pid(const char *text, uint64_t *out_pid);

/* The word in brackets, as in "always [madvise] never"; false if there is none. */
bool hp_proc_choice(const char *text, char out_word[static HP_WORD_BYTES]);

/* The soft limit in a line of /proc/PID/limits, HP_UNLIMITED where it says so. */
bool hp_proc_limit(const char *text, const char *name, uint64_t *out_soft);

/*
 * The path of the group that `controller` ("" for the unified hierarchy) has in the text of
 * /proc/PID/cgroup, which is changed; NULL if there is none.
 */
char *hp_proc_cgroup(char *text, const char *controller);

/* A line of /proc/PID/mountinfo. */
struct hp_mount {
	char *root; /* what of the file system is mounted */
	char *directory;
	char *type;
	char *options; /* of the file system: "rw,pagesize=2M" */
};

/* Takes the next line off *text, which is changed; false at the end. Others are passed over. */
bool hp_proc_mount(char **text, struct hp_mount *out_mount);

/* The value of an option "name=value" or "name" (then ""); NULL if it is not among them. */
const char *hp_mount_option(const char *options, const char *name, size_t *out_length);

/* A line of /proc/PID/maps. */
struct hp_mapping {
	uint64_t bytes;
	bool is_shared_and_writable;
	char *path; /* "" if it is of no file; followed by " (deleted)" where that has no name */
};

/* Takes the next line off *text, which is changed; false at the end. Others are passed over. */
bool hp_proc_mapping(char **text, struct hp_mapping *out_mapping);

/* How many base pages are free in /proc/buddyinfo, and in blocks of 2^order and more of them. */
void hp_proc_buddy(const char *text, unsigned order, uint64_t *out_free, uint64_t *out_in_blocks);

/* A variable's value in the text of /proc/PID/environ, whose settings end in zeros; or NULL. */
const char *hp_proc_variable(const char *text, size_t bytes, const char *name);

#endif

/*
 * The options of options.def, read from the environment once. Until then, and in a setuid
 * program, each has its default.
 */
#ifndef HP_RT_OPTIONS_H
#define HP_RT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define HP_CHOICES_backing "auto", "hugetlb", "thp", "base"
#define HP_CHOICES_fork "auto", "keep", "snapshot"

enum hp_backing_choice {
	HP_BACKING_AUTO,
	HP_BACKING_HUGETLB,
	HP_BACKING_THP,
	HP_BACKING_BASE,
};

enum hp_fork_choice {
	HP_FORK_AUTO,
	HP_FORK_KEEP,
	HP_FORK_SNAPSHOT,
};

/* The pool chooses its own bound. */
#define HP_IDLE_MAX_AUTO SIZE_MAX

/* A limit that is not set. */
#define HP_LIMIT_NONE (SIZE_MAX - 1)

struct hp_options {
#define HP_OPTION_SIZE(name, value, min, max, help) size_t name;
#define HP_OPTION_UINT(name, value, min, max, help) unsigned name;
#define HP_OPTION_BOOL(name, value, help) bool name;
#define HP_OPTION_CHOICE(name, value, help) unsigned name;
#define HP_OPTION_TEXT(name, help) const char *name; /* NULL: not set; read it at start-up only */
#include "rt/options.def"
#undef HP_OPTION_SIZE
#undef HP_OPTION_UINT
#undef HP_OPTION_BOOL
#undef HP_OPTION_CHOICE
#undef HP_OPTION_TEXT
};

/*
 * Constant once hp_options_read() has returned, but for those that options_live.def names: who
 * reads one of them takes HP_RELAXED_LOAD().
 */
extern HP_HIDDEN struct hp_options hp_options;

/*
 * Reads HPALLOC_* from the environment, one line for each unknown name or bad value; nothing in a
 * setuid program.
 */
void hp_options_read(char **environment);

/*
 * The file that a setting names, as it is called from the directory of now: for the constructor, as
 * the program may go elsewhere before the file is written.
 */
void hp_options_name_file(const char *setting, char *out_path, size_t bytes);

/*
 * One option, by its name as in the table and its value as in the environment, or "default".
 * -EINVAL for an unknown name or no value of it, -EPERM for one that may not change now. Who sets
 * one excludes others who do.
 */
int hp_options_set(const char *name, const char *text);

/* Its value, in the same form; -ERANGE where it does not fit. */
int hp_options_get(const char *name, char *out_text, size_t text_bytes);

#endif

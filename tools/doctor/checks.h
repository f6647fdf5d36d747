/*
 * What the verb `doctor` looks at. Each check adds what it found, and names the command or the
 * setting that changes it.
 */
#ifndef HP_TOOLS_DOCTOR_CHECKS_H
#define HP_TOOLS_DOCTOR_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hp_state {
	HP_FINE,
	HP_NOTE,    /* to know */
	HP_IMPROVE, /* to do */
	HP_BROKEN,  /* to do first: no huge page can be had */
	HP_STATES
};

struct hp_finding {
	const char *check;
	enum hp_state state;
	char *text;
	char *command;	 /* what changes it here, or NULL */
	char *container; /* what to set where a container is started, or NULL */
};

enum { HP_FINDINGS_MAX = 32 };

struct hp_diagnosis {
	struct hp_finding findings[HP_FINDINGS_MAX]; /* in order of effect */
	size_t count;
	bool is_container;
	bool has_thp;			 /* transparent huge pages can be had */
	bool has_pool;			 /* pages of the pool can be had */
	char *meminfo, *limits, *status; /* /proc/meminfo, and of this process; or NULL */
};

/* A check that has nothing to say adds nothing. */
typedef void hp_check(struct hp_diagnosis *diagnosis);

/* Adds a finding; the returned one may get a command and a container's setting. */
struct hp_finding *hp_found(struct hp_diagnosis *diagnosis, const char *check, enum hp_state state,
			    const char *format, ...) __attribute__((format(printf, 4, 5)));
void hp_found_command(struct hp_finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void hp_found_container(struct hp_finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

hp_check hp_check_kernel, hp_check_thp, hp_check_thp_process, hp_check_pool,
	hp_check_cgroup_hugetlb, hp_check_defrag, hp_check_khugepaged, hp_check_fragmentation,
	hp_check_hugetlbfs, hp_check_nodes;
hp_check hp_check_environment, hp_check_address_space, hp_check_data, hp_check_locked,
	hp_check_overcommit, hp_check_cgroup_memory, hp_check_mappings, hp_check_container;

#endif

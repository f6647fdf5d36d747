/* The limit that control groups set to a process: versions 1 and 2, the tightest on the way up. */
#ifndef HP_TOOLS_MACHINE_CGROUP_H
#define HP_TOOLS_MACHINE_CGROUP_H

#include <limits.h>
#include <stdint.h>

enum hp_controller {
	HP_CGROUP_MEMORY,
	HP_CGROUP_HUGETLB, /* pages of 2 MB; reserved ones, too */
};

struct hp_cgroup_limit {
	uint64_t bytes; /* HP_UNLIMITED (proc.h): there is none */
	uint64_t used_bytes;
	char file[PATH_MAX];   /* which sets it, or "" */
	const char *unlimited; /* what lifts it, written into that file: "max" or "-1" */
};

/* `pid` is a process, or "self". A group that cannot be seen from here sets no limit. */
void hp_cgroup_find(const char *pid, enum hp_controller controller,
		    struct hp_cgroup_limit *out_limit);

#endif

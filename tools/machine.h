/* What the machine and its settings offer to a heap, as far as the report needs it. */
#ifndef HP_TOOLS_MACHINE_H
#define HP_TOOLS_MACHINE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct hp_machine {
	bool has_pool;	      /* the kernel knows huge pages of 2 MB, */
	bool is_default_size; /* and vm.nr_hugepages counts them */
	uint64_t pool_pages;  /* all in the pool */
	uint64_t free_pages;  /* ... that nobody has or has reserved */
	bool is_thp_off;      /* by sysfs */
	bool is_address_limited;
	char cgroup_limit[PATH_MAX]; /* the file that limits huge pages here, or "" */
	const char *backing;	     /* HPALLOC_BACKING */
	const char *own_limit;	     /* the variable that holds the process back from the pool */
};

void hp_machine_read(struct hp_machine *out_machine);

/*
 * The path of the unified hierarchy out of the text of /proc/self/cgroup, which is changed; NULL
 * if there is none.
 */
char *hp_machine_cgroup(char *text);

#endif

/* What the machine and its settings offer to the heap of a process. */
#ifndef HP_TOOLS_MACHINE_MACHINE_H
#define HP_TOOLS_MACHINE_MACHINE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct hp_machine {
	bool has_pool;		 /* the kernel knows huge pages of 2 MB, */
	bool is_default_size;	 /* and vm.nr_hugepages counts them */
	uint64_t pool_pages;	 /* all in the pool */
	uint64_t free_pages;	 /* ... that nobody has or has reserved */
	bool is_thp_off;	 /* by sysfs */
	bool is_address_limited; /* RLIMIT_AS */
	bool is_data_limited;	 /* RLIMIT_DATA */
	bool is_container;
	char cgroup_limit[PATH_MAX];  /* the file that limits huge pages here, or "" */
	const char *cgroup_unlimited; /* what lifts it, written into that file */
	const char *backing;	      /* HPALLOC_BACKING */
	const char *own_limit;	      /* the variable that holds the process back from the pool */
};

/*
 * As it is for a process: "self" or its id, with what `get` says of its environment: valid as long
 * as that is.
 */
typedef const char *hp_get_variable(const char *name, void *context);
void hp_machine_read(const char *pid, hp_get_variable *get, void *context,
		     struct hp_machine *out_machine);

/* For "self". */
const char *hp_machine_own_variable(const char *name, void *context);

/* Whether this is a container: its limits are set where it is started. */
bool hp_machine_is_container(void);

#endif

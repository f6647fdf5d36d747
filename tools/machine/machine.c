/* See machine.h. Whatever cannot be read counts as not there. */
#include <stdlib.h>
#include <string.h>

#include "common/amounts.h"
#include "machine/cgroup.h"
#include "machine/files.h"
#include "machine/machine.h"
#include "machine/proc.h"

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

static void read_pool(struct hp_machine *machine)
{
	uint64_t free_pages, reserved_pages, default_bytes;
	char *text = hp_file_read("/proc/meminfo");

	machine->has_pool = hp_file_number(&machine->pool_pages, POOL "nr_hugepages") &&
			    hp_file_number(&free_pages, POOL "free_hugepages") &&
			    hp_file_number(&reserved_pages, POOL "resv_hugepages");
	if (machine->has_pool && free_pages > reserved_pages)
		machine->free_pages = free_pages - reserved_pages;
	machine->is_default_size = text && hp_proc_field(text, "Hugepagesize", &default_bytes) &&
				   default_bytes == HP_HUGEPAGE_BYTES;
	free(text);
}

static bool is_thp_off(void)
{
	char *text = hp_file_read("/sys/kernel/mm/transparent_hugepage/enabled");
	char word[HP_WORD_BYTES];
	bool is_off = text && hp_proc_choice(text, word) && strcmp(word, "never") == 0;

	free(text);
	return is_off;
}

static bool is_limited(const char *limits, const char *name)
{
	uint64_t bytes;

	return hp_proc_limit(limits, name, &bytes) && bytes != HP_UNLIMITED;
}

static void read_limits(struct hp_machine *machine, const char *pid)
{
	char *text = hp_file_read("/proc/%s/limits", pid);

	if (!text)
		return;
	machine->is_address_limited = is_limited(text, "Max address space");
	machine->is_data_limited = is_limited(text, "Max data size");
	free(text);
}

/* Docker and Podman leave a file; the others show in the name of the group, or to init alone. */
bool hp_machine_is_container(void)
{
	static const char *const names[] = { "/docker", "/kubepods",   "/lxc",
					     "/libpod", "/containerd", "cri-" };
	size_t bytes;
	char *environment = hp_file_read_bytes(&bytes, "/proc/1/environ");
	char *groups = hp_file_read("/proc/self/cgroup");
	bool is_container = hp_file_exists("/.dockerenv") || hp_file_exists("/run/.containerenv") ||
			    (environment && hp_proc_variable(environment, bytes, "container"));

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && groups; i++)
		is_container |= strstr(groups, names[i]) != NULL;
	free(groups);
	free(environment);
	return is_container;
}

const char *hp_machine_own_variable(const char *name, void *context)
{
	(void)context;
	return getenv(name);
}

void hp_machine_read(const char *pid, hp_get_variable *get, void *context,
		     struct hp_machine *out_machine)
{
	static const char *const limits[] = { "HPALLOC_POOL_MAX", "HPALLOC_POOL_LEAVE" };
	struct hp_machine machine = { .is_thp_off = is_thp_off() };
	struct hp_cgroup_limit limit;

	machine.backing = get("HPALLOC_BACKING", context);
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits) && !machine.own_limit; i++)
		machine.own_limit = get(limits[i], context) ? limits[i] : NULL;
	read_pool(&machine);
	read_limits(&machine, pid);
	machine.is_container = hp_machine_is_container();
	hp_cgroup_find(pid, HP_CGROUP_HUGETLB, &limit);
	strcpy(machine.cgroup_limit, limit.file);
	machine.cgroup_unlimited = limit.unlimited;
	*out_machine = machine;
}

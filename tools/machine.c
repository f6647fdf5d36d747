/* See machine.h. Whatever cannot be read counts as not there. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "machine.h"

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_LIMIT "hugetlb.2MB.max"

#define TEXT_BYTES 4096

/* Reads the start of a file as a string. */
static bool read_text(const char *path, char text[static TEXT_BYTES])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t bytes = fd < 0 ? -1 : read(fd, text, TEXT_BYTES - 1);

	if (fd >= 0)
		close(fd);
	if (bytes < 0)
		return false;
	text[bytes] = '\0';
	return true;
}

static bool read_number(const char *path, uint64_t *out_number)
{
	char text[TEXT_BYTES];

	if (!read_text(path, text))
		return false;
	*out_number = strtoull(text, NULL, 10);
	return true;
}

static void read_pool(struct hp_machine *machine)
{
	char text[TEXT_BYTES];
	uint64_t free_pages, reserved_pages;

	machine->has_pool = read_number(POOL "nr_hugepages", &machine->pool_pages) &&
			    read_number(POOL "free_hugepages", &free_pages) &&
			    read_number(POOL "resv_hugepages", &reserved_pages);
	if (machine->has_pool && free_pages > reserved_pages)
		machine->free_pages = free_pages - reserved_pages;
	machine->is_default_size =
		read_text("/proc/meminfo", text) && strstr(text, "Hugepagesize:       2048 kB");
}

/* Sets cgroup_limit to the file in `group` or its nearest parent that holds a limit. */
static void find_limit(struct hp_machine *machine, char *group)
{
	char text[TEXT_BYTES], path[PATH_MAX];

	for (;;) {
		int length = snprintf(path, sizeof(path), CGROUP_ROOT "%s/" CGROUP_LIMIT, group);
		char *slash = strrchr(group, '/');

		if (length < (int)sizeof(path) && read_text(path, text) &&
		    strcmp(text, "max\n") != 0) {
			memcpy(machine->cgroup_limit, path, (size_t)length + 1);
			return;
		}
		if (!slash)
			return;
		*slash = '\0';
	}
}

/* The line of the unified hierarchy is "0::/path"; in others the same may be part of a name. */
char *hp_machine_cgroup(char *text)
{
	while (strncmp(text, "0::/", strlen("0::/")) != 0) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	text += strlen("0::");
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void read_cgroup(struct hp_machine *machine)
{
	char text[TEXT_BYTES];
	char *group;

	if (!read_text("/proc/self/cgroup", text))
		return;
	group = hp_machine_cgroup(text);
	if (group)
		find_limit(machine, group);
}

static const char *own_limit(void)
{
	return getenv("HPALLOC_POOL_MAX") ? "HPALLOC_POOL_MAX" : "HPALLOC_POOL_LEAVE";
}

void hp_machine_read(struct hp_machine *out_machine)
{
	struct hp_machine machine = { .backing = getenv("HPALLOC_BACKING"),
				      .own_limit = own_limit() };
	char text[TEXT_BYTES];
	struct rlimit limit;

	read_pool(&machine);
	read_cgroup(&machine);
	machine.is_thp_off = read_text("/sys/kernel/mm/transparent_hugepage/enabled", text) &&
			     strstr(text, "[never]");
	machine.is_address_limited =
		getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
	*out_machine = machine;
}

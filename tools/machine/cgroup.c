/* See cgroup.h. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/amounts.h"
#include "machine/cgroup.h"
#include "machine/files.h"
#include "machine/proc.h"

/* Version 1 says "unlimited" by about 2^63. */
#define LEAST_UNLIMITED_BYTES ((uint64_t)1 << 62)

/* A limit and what counts against it; the same names without and with reservations. */
struct pair {
	const char *limit, *use;
};

enum { VERSION_1, VERSION_2, VERSIONS };
enum { PAIRS = 2 };

static const struct {
	const char *name;
	struct pair pairs[VERSIONS][PAIRS];
} controllers[] = {
	[HP_CGROUP_MEMORY] = {
		"memory",
		{ { { "memory.limit_in_bytes", "memory.usage_in_bytes" } },
		  { { "memory.max", "memory.current" } } },
	},
	[HP_CGROUP_HUGETLB] = {
		"hugetlb",
		{ { { "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.usage_in_bytes" },
		    { "hugetlb.2MB.rsvd.limit_in_bytes", "hugetlb.2MB.rsvd.usage_in_bytes" } },
		  { { "hugetlb.2MB.max", "hugetlb.2MB.current" },
		    { "hugetlb.2MB.rsvd.max", "hugetlb.2MB.rsvd.current" } } },
	},
};

/* Takes what the files of this pair in `directory` say, if it is tighter than what is there. */
static void apply(struct hp_cgroup_limit *limit, const char *directory, const struct pair *pair,
		  unsigned version)
{
	char file[PATH_MAX];
	uint64_t bytes;

	if (!pair->limit || !hp_file_number(&bytes, "%s/%s", directory, pair->limit) ||
	    bytes >= LEAST_UNLIMITED_BYTES || bytes >= limit->bytes ||
	    snprintf(file, sizeof(file), "%s/%s", directory, pair->limit) >= (int)sizeof(file))
		return;
	limit->bytes = bytes;
	limit->unlimited = version == VERSION_1 ? "-1" : "max";
	strcpy(limit->file, file);
	if (!hp_file_number(&limit->used_bytes, "%s/%s", directory, pair->use))
		limit->used_bytes = 0;
}

/* From the group itself up to the highest that is mounted here. */
static void climb(struct hp_cgroup_limit *limit, enum hp_controller controller, unsigned version,
		  const char *mount, const char *group)
{
	char directory[PATH_MAX];
	const size_t top = strlen(mount);

	if (snprintf(directory, sizeof(directory), "%s%s", mount, group) >= (int)sizeof(directory))
		return;
	for (;;) {
		char *slash = strrchr(directory, '/');

		for (unsigned i = 0; i < PAIRS; i++)
			apply(limit, directory, &controllers[controller].pairs[version][i],
			      version);
		if (!slash || slash < directory + top)
			return;
		*slash = '\0';
	}
}

/* In a container the mount may begin at the group itself: that much of the path is left out. */
static const char *below_mount(const char *root, const char *group)
{
	const size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(group, root, length) == 0 && (!group[length] || group[length] == '/'))
		group += length;
	return strcmp(group, "/") == 0 ? "" : group;
}

static void find_in(struct hp_cgroup_limit *limit, enum hp_controller controller,
		    const struct hp_mount *mount, const char *groups)
{
	const bool is_v2 = strcmp(mount->type, "cgroup2") == 0;
	const char *name = controllers[controller].name;
	size_t length;
	char *text, *group;

	if (!is_v2 &&
	    (strcmp(mount->type, "cgroup") != 0 || !hp_mount_option(mount->options, name, &length)))
		return;
	text = strdup(groups);
	group = text ? hp_proc_cgroup(text, is_v2 ? "" : name) : NULL;
	if (group)
		climb(limit, controller, is_v2 ? VERSION_2 : VERSION_1, mount->directory,
		      below_mount(mount->root, group));
	free(text);
}

void hp_cgroup_find(const char *pid, enum hp_controller controller,
		    struct hp_cgroup_limit *out_limit)
{
	char *groups = hp_file_read("/proc/%s/cgroup", pid);
	char *mounts = hp_file_read("/proc/self/mountinfo"), *at = mounts;
	struct hp_mount mount;

	*out_limit = (struct hp_cgroup_limit){ .bytes = HP_UNLIMITED };
	while (groups && mounts && hp_proc_mount(&at, &mount))
		find_in(out_limit, controller, &mount, groups);
	free(mounts);
	free(groups);
}

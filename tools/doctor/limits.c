/* See checks.h: what holds a heap back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/amounts.h"
#include "doctor/checks.h"
#include "machine/cgroup.h"
#include "machine/files.h"
#include "machine/proc.h"

/* The kernel's own default of vm.max_map_count. */
#define MAPPINGS_USUAL 65530
#define MAPPINGS_PROPOSED 1048576

/* Of what may still be promised, where every promise is counted. */
#define COMMIT_PERCENT_MIN 10

void hp_check_environment(struct hp_diagnosis *diagnosis)
{
	const char *backing = getenv("HPALLOC_BACKING");

	if (!backing || strcmp(backing, "auto") == 0 || strcmp(backing, "hugetlb") == 0)
		return;
	hp_found_command(hp_found(diagnosis, "environment", HP_IMPROVE,
				  "HPALLOC_BACKING=%s: the pool is not used", backing),
			 "unset HPALLOC_BACKING");
}

static bool is_limited(const struct hp_diagnosis *diagnosis, const char *name, uint64_t *out_bytes)
{
	return diagnosis->limits && hp_proc_limit(diagnosis->limits, name, out_bytes) &&
	       *out_bytes != HP_UNLIMITED;
}

/* Address space counts here, also what is only reserved. */
void hp_check_address_space(struct hp_diagnosis *diagnosis)
{
	uint64_t bytes;

	if (!is_limited(diagnosis, "Max address space", &bytes)) {
		hp_found(diagnosis, "address-space", HP_FINE, "address space: unlimited");
		return;
	}
	hp_found_command(hp_found(diagnosis, "address-space", HP_IMPROVE,
				  "the address space is limited to %" PRIu64 " MB: the heap counts "
				  "there with all that it reserves",
				  bytes / HP_MB),
			 "ulimit -v unlimited");
}

void hp_check_data(struct hp_diagnosis *diagnosis)
{
	uint64_t bytes;
	struct hp_finding *finding;

	if (!is_limited(diagnosis, "Max data size", &bytes)) {
		hp_found(diagnosis, "data", HP_FINE, "data: unlimited");
		return;
	}
	finding = hp_found(diagnosis, "data", HP_IMPROVE,
			   "the data of a process is limited to %" PRIu64 " MB: huge pages count",
			   bytes / HP_MB);
	hp_found_command(finding, "ulimit -d unlimited");
	if (diagnosis->is_container)
		hp_found_container(finding, "docker run --ulimit data=-1");
}

/* Pages of the pool are never swapped and need no such right. */
void hp_check_locked(struct hp_diagnosis *diagnosis)
{
	uint64_t bytes;

	if (is_limited(diagnosis, "Max locked memory", &bytes))
		hp_found(diagnosis, "locked", HP_FINE,
			 "locked memory: %" PRIu64 " KB (matters to programs that call mlockall)",
			 bytes / HP_KB);
}

void hp_check_overcommit(struct hp_diagnosis *diagnosis)
{
	uint64_t mode, limit = 0, committed = 0, left;
	struct hp_finding *finding;

	if (!hp_file_number(&mode, "/proc/sys/vm/overcommit_memory"))
		return;
	if (mode != 2) {
		hp_found(diagnosis, "overcommit", HP_FINE, "vm.overcommit_memory=%" PRIu64, mode);
		return;
	}
	if (diagnosis->meminfo) {
		hp_proc_field(diagnosis->meminfo, "CommitLimit", &limit);
		hp_proc_field(diagnosis->meminfo, "Committed_AS", &committed);
	}
	left = limit > committed ? limit - committed : 0;
	finding = hp_found(diagnosis, "overcommit",
			   hp_percent(left, limit) < COMMIT_PERCENT_MIN ? HP_IMPROVE : HP_NOTE,
			   "every promise of memory is counted (vm.overcommit_memory=2): %" PRIu64
			   " MB are left; pages of the pool do not count",
			   left / HP_MB);
	hp_found_command(finding, "sysctl vm.overcommit_memory=0");
	if (diagnosis->is_container)
		hp_found_container(finding, "it is the host's: the command runs there");
}

void hp_check_cgroup_memory(struct hp_diagnosis *diagnosis)
{
	struct hp_cgroup_limit limit;
	struct hp_finding *finding;

	hp_cgroup_find("self", HP_CGROUP_MEMORY, &limit);
	if (limit.bytes == HP_UNLIMITED) {
		hp_found(diagnosis, "cgroup-memory", HP_FINE, "no control group limits memory");
		return;
	}
	finding = hp_found(diagnosis, "cgroup-memory",
			   hp_percent(limit.used_bytes, limit.bytes) > 90 ? HP_IMPROVE : HP_NOTE,
			   "the control group may have %" PRIu64 " MB of memory, and has %" PRIu64
			   " MB; pages of the pool do not count (unless cgroup2 is mounted with "
			   "memory_hugetlb_accounting); HPALLOC_LIMIT_CGROUP=1 keeps a heap below",
			   limit.bytes / HP_MB, limit.used_bytes / HP_MB);
	hp_found_command(finding, "echo %s > %s", limit.unlimited, limit.file);
	if (diagnosis->is_container)
		hp_found_container(finding, "docker run --memory SIZE; Kubernetes: "
					    "resources.limits: memory");
}

void hp_check_mappings(struct hp_diagnosis *diagnosis)
{
	uint64_t mappings;
	struct hp_finding *finding;

	if (!hp_file_number(&mappings, "/proc/sys/vm/max_map_count"))
		return;
	if (mappings >= MAPPINGS_USUAL) {
		hp_found(diagnosis, "mappings", HP_FINE, "vm.max_map_count=%" PRIu64, mappings);
		return;
	}
	finding =
		hp_found(diagnosis, "mappings", HP_IMPROVE,
			 "a process may have %" PRIu64 " mappings: a heap of which parts stand on "
			 "different pages needs more",
			 mappings);
	hp_found_command(finding, "sysctl vm.max_map_count=%d", MAPPINGS_PROPOSED);
	if (diagnosis->is_container)
		hp_found_container(finding, "it is the host's: the command runs there");
}

void hp_check_container(struct hp_diagnosis *diagnosis)
{
	if (diagnosis->is_container)
		hp_found(diagnosis, "container", HP_NOTE,
			 "this is a container: the pool, the settings of transparent huge pages "
			 "and sysctl are the host's, limits are set where it is started");
}

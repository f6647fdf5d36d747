/* See checks.h: where huge pages come from. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/amounts.h"
#include "doctor/checks.h"
#include "machine/cgroup.h"
#include "machine/files.h"
#include "machine/proc.h"
#include "pool/pools.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

/* Below, half of the free memory and more cannot become huge pages without a compaction. */
#define WHOLE_PERCENT_MIN 25

static const char of_the_host[] = "it is the host's: the command runs there";

void hp_check_kernel(struct hp_diagnosis *diagnosis)
{
	char *text = hp_file_read("/proc/sys/kernel/osrelease");
	unsigned major, minor;

	if (!text || sscanf(text, "%4u.%4u", &major, &minor) != 2)
		hp_found(diagnosis, "kernel", HP_NOTE, "the version of the kernel is not known");
	else if (major < 5 || (major == 5 && minor < 14))
		hp_found(diagnosis, "kernel", HP_IMPROVE,
			 "Linux %u.%u is too old: it cannot populate pages of the pool without the "
			 "risk of SIGBUS (5.14 can), so none is taken",
			 major, minor);
	else if (major < 6 || (major == 6 && minor < 1))
		hp_found(diagnosis, "kernel", HP_NOTE, "Linux %u.%u: tested is 6.1 and newer",
			 major, minor);
	else
		hp_found(diagnosis, "kernel", HP_FINE, "Linux %u.%u", major, minor);
	free(text);
}

/* ---- the pool ---- */

/* A quarter of what is available, or the next lower power of two. */
static uint64_t proposed_bytes(const struct hp_diagnosis *diagnosis)
{
	uint64_t available = 0, bytes = 64 * HP_MB;

	if (diagnosis->meminfo)
		hp_proc_field(diagnosis->meminfo, "MemAvailable", &available);
	while (bytes <= available / 4 / 2)
		bytes *= 2;
	return bytes;
}

static void propose_pool(const struct hp_diagnosis *diagnosis, struct hp_finding *finding,
			 uint64_t has_bytes)
{
	uint64_t bytes = proposed_bytes(diagnosis);
	char more[HP_AMOUNT_BYTES], all[HP_AMOUNT_BYTES];

	hp_amount_exact(more, bytes);
	hp_amount_exact(all, has_bytes + bytes);
	hp_found_command(finding, "hpalloc pool --set %s --persist", all);
	if (diagnosis->is_container)
		hp_found_container(finding,
				   "the pool is the host's: the command runs there; Kubernetes: "
				   "resources.limits: hugepages-2Mi: %si",
				   more);
}

void hp_check_pool(struct hp_diagnosis *diagnosis)
{
	struct hp_pools pools = { 0 };
	const struct hp_pool *pool =
		hp_pools_read(&pools) ? NULL
				      : hp_pools_find(&pools, HP_HUGEPAGE_BYTES, HP_ALL_NODES);
	uint64_t available = pool ? hp_pool_available(pool) : 0;

	diagnosis->has_pool = available || (pool && pool->overcommit > pool->surplus);
	if (!pool)
		hp_found(diagnosis, "pool", HP_IMPROVE,
			 "the kernel has no pool of 2 MB pages, or does not show it here: a heap "
			 "gets transparent huge pages at best");
	else if (available)
		hp_found(diagnosis, "pool", HP_FINE, "%" PRIu64 " of %" PRIu64 " pages are free",
			 available, pool->total);
	else if (diagnosis->has_pool)
		hp_found(diagnosis, "pool", HP_NOTE,
			 "the pool has no free page, but makes up to %" PRIu64
			 " more when they are asked for (nr_overcommit_hugepages)",
			 pool->overcommit - pool->surplus);
	else if (pool->total)
		propose_pool(diagnosis,
			     hp_found(diagnosis, "pool", HP_IMPROVE,
				      "all %" PRIu64 " pages of the pool are in use or promised: "
				      "'hpalloc pool' shows by whom",
				      pool->total),
			     pool->total * HP_HUGEPAGE_BYTES);
	else
		propose_pool(diagnosis,
			     hp_found(diagnosis, "pool", HP_IMPROVE,
				      "the pool of 2 MB pages is empty: no page is certain"),
			     0);
	hp_pools_done(&pools);
}

void hp_check_cgroup_hugetlb(struct hp_diagnosis *diagnosis)
{
	struct hp_cgroup_limit limit;
	struct hp_finding *finding;

	hp_cgroup_find("self", HP_CGROUP_HUGETLB, &limit);
	if (limit.bytes == HP_UNLIMITED) {
		hp_found(diagnosis, "cgroup-hugetlb", HP_FINE,
			 "no control group limits huge pages");
		return;
	}
	finding =
		hp_found(diagnosis, "cgroup-hugetlb",
			 limit.bytes < limit.used_bytes + HP_HUGEPAGE_BYTES ? HP_IMPROVE : HP_NOTE,
			 "the control group may have %" PRIu64 " MB of huge pages, and has %" PRIu64
			 " MB",
			 limit.bytes / HP_MB, limit.used_bytes / HP_MB);
	hp_found_command(finding, "echo %s > %s", limit.unlimited, limit.file);
	if (diagnosis->is_container)
		hp_found_container(finding,
				   "Kubernetes: resources.limits: hugepages-2Mi, as much as the "
				   "heap needs; systemd: no limit is its default");
}

/* ---- transparent huge pages ---- */

static bool read_choice(const char *file, char out_word[static HP_WORD_BYTES])
{
	char *text = hp_file_read("%s", file);
	bool is_choice = text && hp_proc_choice(text, out_word);

	free(text);
	return is_choice;
}

/* After the pool: without either there is no huge page at all. */
void hp_check_thp(struct hp_diagnosis *diagnosis)
{
	char word[HP_WORD_BYTES];
	struct hp_finding *finding;

	if (!read_choice(THP "enabled", word)) {
		hp_found(diagnosis, "thp", diagnosis->has_pool ? HP_IMPROVE : HP_BROKEN,
			 "this kernel has no transparent huge pages: what the pool does not hold "
			 "is on base pages");
	} else if (strcmp(word, "never") != 0) {
		diagnosis->has_thp = true;
		hp_found(diagnosis, "thp", HP_FINE, "transparent huge pages: %s", word);
	} else {
		finding = hp_found(diagnosis, "thp", diagnosis->has_pool ? HP_IMPROVE : HP_BROKEN,
				   "transparent huge pages are off: what the pool does not hold is "
				   "on base pages");
		hp_found_command(finding, "echo madvise > " THP "enabled");
		if (diagnosis->is_container)
			hp_found_container(finding, "%s", of_the_host);
	}
}

void hp_check_thp_process(struct hp_diagnosis *diagnosis)
{
	uint64_t is_enabled = 1;

	if (diagnosis->status && hp_proc_field(diagnosis->status, "THP_enabled", &is_enabled) &&
	    !is_enabled)
		hp_found(
			diagnosis, "thp-process", HP_IMPROVE,
			"transparent huge pages are off for what is started from here: some parent "
			"asked for that (PR_SET_THP_DISABLE)");
}

void hp_check_defrag(struct hp_diagnosis *diagnosis)
{
	char word[HP_WORD_BYTES];
	struct hp_finding *finding;

	if (!diagnosis->has_thp || !read_choice(THP "defrag", word))
		return;
	if (strcmp(word, "never") != 0 && strcmp(word, "defer") != 0) {
		hp_found(diagnosis, "thp-defrag", HP_FINE, "defrag: %s", word);
		return;
	}
	finding =
		hp_found(diagnosis, "thp-defrag", HP_IMPROVE,
			 "the kernel makes a transparent huge page only of memory that happens to "
			 "lie in one piece (defrag: %s)",
			 word);
	hp_found_command(finding, "echo madvise > " THP "defrag");
	if (diagnosis->is_container)
		hp_found_container(finding, "%s", of_the_host);
}

void hp_check_khugepaged(struct hp_diagnosis *diagnosis)
{
	uint64_t may_defrag;
	struct hp_finding *finding;

	if (!diagnosis->has_thp || !hp_file_number(&may_defrag, THP "khugepaged/defrag"))
		return;
	if (may_defrag) {
		hp_found(diagnosis, "khugepaged", HP_FINE, "khugepaged makes huge pages later");
		return;
	}
	finding = hp_found(diagnosis, "khugepaged", HP_NOTE,
			   "khugepaged may not compact: base pages stay what they are");
	hp_found_command(finding, "echo 1 > " THP "khugepaged/defrag");
}

void hp_check_fragmentation(struct hp_diagnosis *diagnosis)
{
	char *text = hp_file_read("/proc/buddyinfo");
	const unsigned order =
		(unsigned)__builtin_ctzll(HP_HUGEPAGE_BYTES / (uint64_t)sysconf(_SC_PAGESIZE));
	uint64_t free_pages, whole_pages;
	unsigned percent;

	if (!text)
		return;
	hp_proc_buddy(text, order, &free_pages, &whole_pages);
	free(text);
	percent = hp_percent(whole_pages, free_pages);
	if (percent >= WHOLE_PERCENT_MIN || !free_pages) {
		hp_found(diagnosis, "fragmentation", HP_FINE,
			 "%u %% of the free memory is in pieces of 2 MB and more", percent);
		return;
	}
	hp_found_command(
		hp_found(diagnosis, "fragmentation", HP_IMPROVE,
			 "memory is fragmented: %u %% of what is free is in pieces of 2 MB "
			 "and more",
			 percent),
		"sysctl vm.compact_memory=1");
}

/* ---- places ---- */

static bool is_hugetlbfs(const char *directory, size_t *out_mounts)
{
	char *text = hp_file_read("/proc/self/mountinfo"), *at = text;
	struct hp_mount mount;
	bool is_found = false;

	*out_mounts = 0;
	while (text && hp_proc_mount(&at, &mount)) {
		if (strcmp(mount.type, "hugetlbfs") != 0)
			continue;
		++*out_mounts;
		is_found |= directory && strcmp(mount.directory, directory) == 0;
	}
	free(text);
	return is_found;
}

/* The heap needs none: anonymous memory is as good. */
void hp_check_hugetlbfs(struct hp_diagnosis *diagnosis)
{
	const char *asked = getenv("HPALLOC_HUGETLBFS");
	size_t mounts;
	bool is_mounted = is_hugetlbfs(asked, &mounts);

	if (asked && !is_mounted)
		hp_found_command(hp_found(diagnosis, "hugetlbfs", HP_IMPROVE,
					  "HPALLOC_HUGETLBFS names %s, where no hugetlbfs is "
					  "mounted",
					  asked),
				 "hpalloc pool --mount %s", asked);
	else
		hp_found(diagnosis, "hugetlbfs", HP_FINE,
			 mounts == 1 ? "%zu hugetlbfs is mounted (none is needed)"
				     : "%zu hugetlbfs are mounted (none is needed)",
			 mounts);
}

void hp_check_nodes(struct hp_diagnosis *diagnosis)
{
	struct hp_pools pools = { 0 };
	unsigned nodes = 0, empty = 0;

	if (hp_pools_read(&pools))
		return;
	for (size_t i = 0; i < pools.count; i++) {
		const struct hp_pool *pool = &pools.at[i];

		if (pool->page_bytes != HP_HUGEPAGE_BYTES || pool->node == HP_ALL_NODES)
			continue;
		nodes++;
		empty += pool->total == 0;
	}
	hp_pools_done(&pools);
	if (nodes > 1 && empty && empty < nodes)
		hp_found_command(hp_found(diagnosis, "numa", HP_NOTE,
					  "of %u NUMA nodes %u have none of the pool's pages: a "
					  "thread there gets pages of another node",
					  nodes, empty),
				 "hpalloc pool --set SIZE --node N");
}

/* See report.h. Pure: what it knows of the machine comes as an argument. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define MB ((uint64_t)1 << 20)
#define GB ((uint64_t)1 << 30)
#define HUGEPAGE_BYTES (2 * MB)

/* Below, all pages of the heap fit into any TLB. */
#define SMALL_HEAP_BYTES (4 * MB)

/* ---- figures ---- */

static void print_bytes(FILE *out, uint64_t bytes)
{
	if (bytes < MB)
		fprintf(out, "%" PRIu64 " KB", bytes / 1024);
	else if (bytes < 10 * MB)
		fprintf(out, "%.1f MB", (double)bytes / (double)MB);
	else
		fprintf(out, "%" PRIu64 " MB", bytes / MB);
}

/* At most 100: the page is the program's to write, and may say more of a part than of the whole. */
static unsigned percent(uint64_t part, uint64_t whole)
{
	if (part >= whole)
		return whole ? 100 : 0;
	return (unsigned)((double)part * 100 / (double)whole + 0.5);
}

static uint64_t hugepages_for(uint64_t bytes)
{
	return (bytes + HUGEPAGE_BYTES - 1) / HUGEPAGE_BYTES;
}

/* ---- how much on what ---- */

/*
 * A page counts as transparent huge page once it was asked for. What the kernel said at the end
 * includes touched base pages, and speaks for the peak only if most of that was still there.
 */
static void print_thp_truth(FILE *out, const struct hp_published *page)
{
	uint64_t resident = page->thp_resident_bytes, base = page->stats.base_bytes;
	uint64_t touched = resident > base ? resident - base : 0;
	unsigned made = percent(page->thp_huge_bytes, touched);

	if (touched > page->stats.peak_thp_bytes / 2 && made < 90)
		fprintf(out, " (the kernel made %u %% of them)", made);
}

static void print_kinds(FILE *out, const struct hp_published *page)
{
	const struct hp_stats *stats = &page->stats;
	const struct {
		const char *name;
		uint64_t bytes;
	} kinds[] = {
		{ "hugetlb", stats->peak_hugetlb_bytes },
		{ "transparent huge pages", stats->peak_thp_bytes },
		{ "base pages", stats->peak_base_bytes },
	};
	const char *separator = ": ";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		unsigned share = percent(kinds[i].bytes, stats->peak_bytes);

		if (!kinds[i].bytes)
			continue;
		if (share)
			fprintf(out, "%s%u %% %s", separator, share, kinds[i].name);
		else
			fprintf(out, "%s< 1 %% %s", separator, kinds[i].name);
		if (kinds[i].bytes == stats->peak_thp_bytes)
			print_thp_truth(out, page);
		separator = ", ";
	}
}

/* ---- why ---- */

/* Enlarges the pool until it would hold the peak beside what others have of it. */
static void print_pool_command(FILE *out, const struct hp_machine *machine, uint64_t hugepages)
{
	uint64_t pool = machine->pool_pages - machine->free_pages + hugepages;

	if (machine->is_default_size)
		fprintf(out, "sysctl vm.nr_hugepages=%" PRIu64, pool);
	else
		fprintf(out,
			"echo %" PRIu64 " > /sys/kernel/mm/hugepages/"
			"hugepages-2048kB/nr_hugepages",
			pool);
}

static void print_pool(FILE *out, const struct hp_stats *stats, const struct hp_machine *machine)
{
	uint64_t hugepages = hugepages_for(stats->peak_bytes);

	if (!machine->has_pool) {
		fprintf(out, "; this kernel has no pool of 2 MB pages");
	} else if (machine->free_pages >= hugepages) {
		fprintf(out, "; the pool had too few pages then and has enough now");
	} else {
		fprintf(out,
			"; the pool was %s: ", stats->peak_hugetlb_bytes ? "too small" : "empty");
		print_pool_command(out, machine, hugepages);
		fprintf(out, " would hold it");
	}
}

static void print_limit(FILE *out, const struct hp_stats *stats, const struct hp_machine *machine)
{
	if (stats->pool_withheld > stats->fallbacks[HP_FALLBACK_LIMIT] / 2)
		fprintf(out, "; a setting holds it back from the pool: unset %s",
			machine->own_limit);
	else if (*machine->cgroup_limit)
		fprintf(out, "; a cgroup limits huge pages: echo max > %s", machine->cgroup_limit);
	else
		print_pool(out, stats, machine);
}

static void print_mapping(FILE *out, const struct hp_machine *machine)
{
	if (machine->is_address_limited)
		fprintf(out, "; the address space is limited: ulimit -v unlimited");
	else
		fprintf(out, "; too many mappings: sysctl vm.max_map_count=1048576");
}

static void print_lazy(FILE *out, const struct hp_stats *stats, const struct hp_machine *machine)
{
	uint64_t hugepages = hugepages_for(stats->peak_bytes);

	fprintf(out, "; very large blocks are left lazy: HPALLOC_LAZY_MIN=%" PRIu64 "G",
		stats->peak_bytes / GB + 1);
	if (machine->has_pool && machine->free_pages < hugepages) {
		fprintf(out, " after ");
		print_pool_command(out, machine, hugepages);
	}
	fprintf(out, " puts them on the pool");
}

static void print_thp_off(FILE *out, const struct hp_machine *machine)
{
	if (machine->is_thp_off)
		fprintf(out, "; transparent huge pages are off: "
			     "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
	else
		fprintf(out, "; transparent huge pages are off for this process (prctl)");
}

/*
 * The reason that counts most. The start of every heap is on base pages: that is one only where
 * there is no other. Among equals it is the first of the list, which has the worst pages first.
 */
static enum hp_fallback main_reason(const struct hp_stats *stats)
{
	static const enum hp_fallback reasons[] = {
		HP_FALLBACK_THP_OFF, HP_FALLBACK_POOL_EMPTY, HP_FALLBACK_LIMIT,
		HP_FALLBACK_MAPPING, HP_FALLBACK_THP_FAILED, HP_FALLBACK_LAZY_LARGE,
		HP_FALLBACK_FORK,
	};
	enum hp_fallback found = HP_FALLBACK_WARMUP;
	uint64_t most = 0;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (stats->fallbacks[reasons[i]] > most) {
			most = stats->fallbacks[reasons[i]];
			found = reasons[i];
		}
	}
	return found;
}

static void print_reason(FILE *out, const struct hp_stats *stats, const struct hp_machine *machine)
{
	switch (main_reason(stats)) {
	case HP_FALLBACK_POOL_EMPTY:
		print_pool(out, stats, machine);
		break;
	case HP_FALLBACK_LIMIT:
		print_limit(out, stats, machine);
		break;
	case HP_FALLBACK_MAPPING:
		print_mapping(out, machine);
		break;
	case HP_FALLBACK_LAZY_LARGE:
		print_lazy(out, stats, machine);
		break;
	case HP_FALLBACK_FORK:
		fprintf(out, "; a fork left a copy on normal memory");
		break;
	case HP_FALLBACK_THP_OFF:
		print_thp_off(out, machine);
		break;
	case HP_FALLBACK_THP_FAILED:
		fprintf(out, "; memory is fragmented: sysctl vm.compact_memory=1 before the start");
		break;
	case HP_FALLBACK_WARMUP:
	case HP_FALLBACK_COUNT:
		break;
	}
}

static bool is_asked_for(const struct hp_machine *machine)
{
	return machine->backing &&
	       (strcmp(machine->backing, "thp") == 0 || strcmp(machine->backing, "base") == 0);
}

static void print_summary(FILE *out, const struct hp_published *page,
			  const struct hp_machine *machine)
{
	const struct hp_stats *stats = &page->stats;

	if (page->magic != HP_PUBLISHED_MAGIC) {
		fprintf(out, "the program ran without this heap: the library did not start in it");
		return;
	}
	fprintf(out, "peak heap ");
	print_bytes(out, stats->peak_bytes);
	print_kinds(out, page);
	if (percent(stats->peak_hugetlb_bytes, stats->peak_bytes) == 100)
		return;
	if (is_asked_for(machine))
		fprintf(out, "; HPALLOC_BACKING=%s asks for that", machine->backing);
	else if (stats->peak_bytes <= SMALL_HEAP_BYTES)
		fprintf(out, "; small heap: nothing to gain");
	else
		print_reason(out, stats, machine);
}

char *hp_report_text(const struct hp_published *page, const struct hp_machine *machine)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	print_summary(out, page, machine);
	fclose(out);
	return text;
}

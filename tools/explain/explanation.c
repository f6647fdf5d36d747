/* See explanation.h. */
#include <inttypes.h>
#include <string.h>

#include "common/amounts.h"
#include "explain/explanation.h"
#include "run/advice.h"

#define BASE_PAGE_BYTES (4 * HP_KB)

/* Misses in a thousand instructions from which on they cost some percent of the time. */
#define MISSES_MANY 1.0

#define BAR_COLUMNS 40u
static const char bar[] = "########################################";

/* ---- on which pages ---- */

static void print_kind(FILE *out, const char *name, uint64_t now, uint64_t heap, uint64_t peak,
		       uint64_t peak_heap)
{
	fprintf(out, "  %-24s%8" PRIu64 " MB %4u %%%11" PRIu64 " MB %4u %%\n", name, now / HP_MB,
		hp_percent(now, heap), peak / HP_MB, hp_percent(peak, peak_heap));
}

static void print_kinds(FILE *out, const struct hp_stats *stats)
{
	uint64_t heap = stats->heap_bytes, peak = stats->peak_bytes;

	fprintf(out, "  %-24s%17s%20s\n", "THE HEAP STANDS ON", "NOW", "AT ITS PEAK");
	print_kind(out, "hugetlb (the pool)", stats->hugetlb_bytes, heap, stats->peak_hugetlb_bytes,
		   peak);
	print_kind(out, "transparent huge pages", stats->thp_bytes, heap, stats->peak_thp_bytes,
		   peak);
	print_kind(out, "base pages", stats->base_bytes, heap, stats->peak_base_bytes, peak);
	print_kind(out, "together", heap, heap, peak, peak);
}

/* The heap counts a transparent huge page when it asks for one; the kernel knows what it got. */
static void print_kernel(FILE *out, const struct hp_explained *explained)
{
	const struct hp_process *process = explained->process;
	const struct hp_published *page = explained->page;

	if (process && process->has_memory) {
		uint64_t base = process->anonymous_bytes > process->thp_bytes
					? process->anonymous_bytes - process->thp_bytes
					: 0;

		fprintf(out,
			"The kernel says of the whole process, stacks and the like with it: "
			"%" PRIu64 " MB on hugetlb,\n%" PRIu64
			" MB on transparent huge pages, %" PRIu64 " MB on base pages.\n",
			process->hugetlb_bytes / HP_MB, process->thp_bytes / HP_MB, base / HP_MB);
	} else if (process) {
		fputs("The kernel does not tell of this process: as its user, or as root, it "
		      "does.\n",
		      out);
	} else if (page && page->thp_resident_bytes) {
		fprintf(out,
			"At the end %" PRIu64 " MB of its normal memory had been touched, and the "
			"kernel had made\nhuge pages of %" PRIu64 " MB of that.\n",
			page->thp_resident_bytes / HP_MB, page->thp_huge_bytes / HP_MB);
	}
}

/* ---- why ---- */

static void print_reason(FILE *out, uint64_t count, const struct hp_advice *advice)
{
	fprintf(out, "  %" PRIu64 " huge page%s: %s\n", count, count == 1 ? "" : "s", advice->why);
	if (*advice->command)
		fprintf(out, "      %s%s%s\n", advice->command, advice->effect ? "   " : "",
			advice->effect ? advice->effect : "");
	if (*advice->container)
		fprintf(out, "      in a container: %s\n", advice->container);
	if (advice->hint)
		fprintf(out, "      %s\n", advice->hint);
}

/* A reason, and how many huge pages it and others of the same advice count; 0: it was said. */
struct reason {
	uint64_t count;
	struct hp_advice advice;
};

/* A pool that runs dry between the promise and the page counts apart, but is the same to a user. */
static void gather(struct reason reasons[static HP_FALLBACK_COUNT],
		   const struct hp_explained *explained)
{
	const struct hp_stats *stats = &explained->page->stats;

	for (int i = 0; i < HP_FALLBACK_COUNT; i++) {
		reasons[i].count = stats->fallbacks[i];
		hp_advice_get((enum hp_fallback)i, stats, explained->machine, &reasons[i].advice);
		for (int before = 0; before < i; before++) {
			if (strcmp(reasons[before].advice.why, reasons[i].advice.why) != 0)
				continue;
			reasons[before].count += reasons[i].count;
			reasons[i].count = 0;
		}
	}
}

/* The most frequent first; of equals, the first of the enumeration. */
static void print_reasons(FILE *out, const struct hp_explained *explained)
{
	struct reason reasons[HP_FALLBACK_COUNT];
	unsigned said = 0;

	gather(reasons, explained);
	for (;;) {
		struct reason *most = &reasons[0];

		for (int i = 1; i < HP_FALLBACK_COUNT; i++) {
			if (reasons[i].count > most->count)
				most = &reasons[i];
		}
		if (!most->count)
			break;
		if (!said++)
			fputs("\nWhy not all of it is on the pool; since the start:\n", out);
		print_reason(out, most->count, &most->advice);
		most->count = 0;
	}
	if (!said)
		fputs("\nNothing fell back to lesser pages.\n", out);
}

/* ---- what it costs ---- */

static void print_forks(FILE *out, const struct hp_stats *stats)
{
	if (!stats->forks_copied && !stats->forks_shared && !stats->forks_uncovered)
		return;
	fprintf(out,
		"%" PRIu64 " forks copied huge pages, %" PRIu64 " shared them, %" PRIu64
		" of these without a page for each:\n%" PRIu64 " were rescued by a copy.\n",
		stats->forks_copied, stats->forks_shared + stats->forks_uncovered,
		stats->forks_uncovered, stats->rescued);
}

static uint64_t hugepages_of(const struct hp_stats *stats, unsigned fullness)
{
	return stats->hugetlb_fullness[fullness] + stats->thp_fullness[fullness] +
	       stats->base_fullness[fullness];
}

static void print_bar(FILE *out, unsigned fullness, uint64_t hugepages, uint64_t most)
{
	if (fullness == HP_FULLNESS_EMPTY)
		fprintf(out, "  %-10s", "empty");
	else if (fullness == HP_FULLNESS_FULL)
		fprintf(out, "  %-10s", "full");
	else
		fprintf(out, "  to %3u %%  ", fullness * 10);
	fprintf(out, "%8" PRIu64 "%s%.*s\n", hugepages, hugepages ? " " : "",
		(int)((hp_percent(hugepages, most) * BAR_COLUMNS + 99) / 100), bar);
}

static void print_fullness(FILE *out, const struct hp_stats *stats, uint64_t age_ms)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < HP_FULLNESS_COUNT; i++) {
		if (hugepages_of(stats, i) > most)
			most = hugepages_of(stats, i);
	}
	fprintf(out, "How full with blocks each 2 MB of it was %.1f s ago:\n",
		(double)age_ms / 1000);
	for (unsigned i = 0; i < HP_FULLNESS_COUNT; i++)
		print_bar(out, i, hugepages_of(stats, i), most);
}

static void print_costs(FILE *out, const struct hp_explained *explained)
{
	const struct hp_stats *stats = &explained->page->stats;
	const bool is_answered = explained->page->answered;

	fputs("\nWhat it costs: ", out);
	hp_amount_print(out, stats->idle_bytes);
	fputs(" on whole huge pages that idle", out);
	if (is_answered) {
		fputs(";\n", out);
		hp_amount_print(out, stats->heap_bytes);
		fputs(" are held for ", out);
		hp_amount_print(out, stats->in_use_bytes);
		fprintf(out, " of blocks (%u %%), and ",
			hp_percent(stats->in_use_bytes, stats->heap_bytes));
		hp_amount_print(out, stats->metadata_bytes);
		fputs(" for tables", out);
	}
	fputs(".\n", out);
	print_forks(out, stats);
	if (is_answered)
		print_fullness(out, stats, explained->age_ms);
	else if (explained->process)
		fputs("How full each 2 MB of it is was asked; the process did not come by to "
		      "answer.\n",
		      out);
}

/* ---- whether it gains ---- */

static void print_reach(FILE *out, const struct hp_tlb *tlb, uint64_t heap)
{
	uint64_t reach = tlb->entries * BASE_PAGE_BYTES;

	fprintf(out, "The TLB%s has %u entries: they reach ",
		tlb->is_assumed ? " (assumed: this processor does not tell)" : "", tlb->entries);
	hp_amount_print(out, reach);
	fputs(" on pages of 4 KB, ", out);
	hp_amount_print(out, tlb->entries * HP_HUGEPAGE_BYTES);
	fputs(" on pages\nof 2 MB. The heap has ", out);
	hp_amount_print(out, heap);
	fputs(heap <= reach ? ", less than either: huge pages save page faults, hardly more.\n"
	      : heap <= reach * 8 ? ": huge pages gain where all of it is in use at once.\n"
				  : ": huge pages gain, the more the more it is used at random.\n",
	      out);
}

static void print_gain(FILE *out, const struct hp_tlb *tlb, uint64_t heap)
{
	fputs("\nWould it gain? ", out);
	print_reach(out, tlb, heap);
	if (!tlb->has_misses)
		fputs("Counted was nothing: this is by size alone.\n", out);
	else
		fprintf(out,
			"Counted: %.2f loads that miss the TLB in a thousand instructions, on the "
			"pages that it has\nnow: %s.\n",
			tlb->misses_per_1000,
			tlb->misses_per_1000 >= MISSES_MANY ? "they cost time"
							    : "they cost next to nothing");
}

/* ---- all of it ---- */

static void print_title(FILE *out, const struct hp_explained *explained)
{
	if (explained->process)
		fprintf(out, "%s (%s): ", explained->process->name, explained->process->pid);
	if (!explained->page) {
		fputs(explained->process ? "it publishes no counters. 'hpalloc run' starts a "
					   "program that does.\n"
					 : "the program ran without this heap: the library did not "
					   "start in it.\n",
		      out);
		return;
	}
	fputs("a heap of ", out);
	hp_amount_print(out, explained->page->stats.heap_bytes);
	fputs(", at its peak ", out);
	hp_amount_print(out, explained->page->stats.peak_bytes);
	fputs("\n\n", out);
}

void hp_explanation_print(FILE *out, const struct hp_explained *explained)
{
	const struct hp_published *page = explained->page;
	const struct hp_machine *machine = explained->machine;

	print_title(out, explained);
	if (page)
		print_kinds(out, &page->stats);
	print_kernel(out, explained);
	if (!page)
		return;
	if (hp_advice_is_asked_for(machine))
		fprintf(out, "\nHPALLOC_BACKING=%s asks for that.\n", machine->backing);
	else
		print_reasons(out, explained);
	print_costs(out, explained);
	print_gain(out, explained->tlb, page->stats.peak_bytes);
}

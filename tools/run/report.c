/* See report.h. Pure: what it knows of the machine comes as an argument. */
#include <stdio.h>
#include <stdlib.h>

#include "common/amounts.h"
#include "run/advice.h"
#include "run/report.h"

/* Below, all pages of the heap fit into any TLB. */
#define SMALL_HEAP_BYTES (4 * HP_MB)

/*
 * A page counts as transparent huge page once it was asked for. What the kernel said at the end
 * includes touched base pages, and speaks for the peak only if most of that was still there.
 */
static void print_thp_truth(FILE *out, const struct hp_published *page)
{
	uint64_t resident = page->thp_resident_bytes, base = page->stats.base_bytes;
	uint64_t touched = resident > base ? resident - base : 0;
	unsigned made = hp_percent(page->thp_huge_bytes, touched);

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
		unsigned share = hp_percent(kinds[i].bytes, stats->peak_bytes);

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

static void print_reason(FILE *out, const struct hp_stats *stats, const struct hp_machine *machine)
{
	enum hp_fallback reason = hp_advice_main_reason(stats);
	struct hp_advice advice;

	if (reason == HP_FALLBACK_WARMUP)
		return;
	hp_advice_get(reason, stats, machine, &advice);
	fprintf(out, "; %s", advice.why);
	if (*advice.command)
		fprintf(out, ": %s", advice.command);
	if (advice.effect)
		fprintf(out, " %s", advice.effect);
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
	hp_amount_print(out, stats->peak_bytes);
	print_kinds(out, page);
	if (hp_percent(stats->peak_hugetlb_bytes, stats->peak_bytes) == 100)
		return;
	if (hp_advice_is_asked_for(machine))
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

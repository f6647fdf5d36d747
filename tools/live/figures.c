/* See figures.h. */
#include <inttypes.h>
#include <string.h>

#include "live/figures.h"

static const char *const reasons[HP_FALLBACK_COUNT] = {
#define HP_STAT_FALLBACK(name, reason) [reason] = #name,
#include "api/stats.def"
};

enum kind { GAUGE, COUNTER };
enum how { KEPT, WALKED };

static const struct metric {
	const char *name, *help;
	enum kind kind;
	enum how how;
	size_t offset;
} metrics[] = {
#define HP_STAT(field, kind, how, help)                                                            \
	{ #field, help, kind, how, offsetof(struct hp_stats, field) },
#include "api/stats.def"
};

enum { METRICS = sizeof(metrics) / sizeof(*metrics) };

static bool is_known(const struct metric *metric, const struct hp_live *live)
{
	return metric->how == KEPT || hp_live_has_answer(live);
}

static uint64_t value_of(const struct metric *metric, const struct hp_live *live)
{
	uint64_t value;

	memcpy(&value, (const char *)&live->page.stats + metric->offset, sizeof(value));
	return value;
}

const char *hp_size_text(char text[static HP_SIZE_BYTES], uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	double size = (double)bytes;
	unsigned unit = 0;

	for (; size >= 1024 && units[unit + 1]; unit++)
		size /= 1024;
	if (unit)
		snprintf(text, HP_SIZE_BYTES, "%.1f %cB", size, units[unit]);
	else
		snprintf(text, HP_SIZE_BYTES, "%" PRIu64 " B", bytes);
	return text;
}

uint64_t hp_figures_fallbacks(const struct hp_stats *stats)
{
	uint64_t hugepages = 0;

	for (size_t i = 0; i < HP_FALLBACK_COUNT; i++)
		hugepages += stats->fallbacks[i];
	return hugepages;
}

/* ---- rates ---- */

#define RATE_MAX 1e15

/* A page is the program's to write: what seems to run backwards is no rate. */
static double rate(uint64_t before, uint64_t after, double seconds)
{
	double events = after > before && seconds > 0 ? (double)(after - before) / seconds : 0;

	return events < RATE_MAX ? events : RATE_MAX;
}

struct hp_rates hp_rates_between(const struct hp_published *before,
				 const struct hp_published *after, double seconds)
{
	const struct hp_stats *old = &before->stats, *new = &after->stats;
	struct hp_rates rates = { .seconds = seconds };
	double walked = (double)(after->answered_ms - before->answered_ms) / 1000;
	double grown;

	rates.hugepages_taken = rate(old->hugepages_taken, new->hugepages_taken, seconds);
	rates.hugepages_given = rate(old->hugepages_given, new->hugepages_given, seconds);
	rates.purged_bytes = rate(old->purged_bytes, new->purged_bytes, seconds);
	rates.fallbacks = rate(hp_figures_fallbacks(old), hp_figures_fallbacks(new), seconds);
	if (after->answered_ms <= before->answered_ms || !before->answered)
		return rates;
	rates.refills = rate(old->refills, new->refills, walked);
	rates.large_taken = rate(old->large_taken, new->large_taken, walked);
	rates.large_given = rate(old->large_given, new->large_given, walked);
	rates.handed_blocks = rate(old->handed_blocks, new->handed_blocks, walked);
	rates.allocated_blocks =
		rate(old->refilled_blocks, new->refilled_blocks, walked) + rates.large_taken;
	grown = ((double)new->in_use_blocks - (double)old->in_use_blocks) / walked;
	if (rates.allocated_blocks < grown)
		rates.allocated_blocks = grown;
	rates.freed_blocks = rates.allocated_blocks - grown;
	return rates;
}

/* ---- text ---- */

static void put_size(FILE *out, const char *label, uint64_t bytes, const char *more)
{
	char text[HP_SIZE_BYTES];

	fprintf(out, "  %-44s %12s%s\n", label, hp_size_text(text, bytes), more);
}

static void put_reasons(FILE *out, const struct hp_stats *stats)
{
	const char *separator = "hugepages that stand elsewhere: ";

	for (size_t i = 0; i < HP_FALLBACK_COUNT; i++) {
		if (!stats->fallbacks[i])
			continue;
		fprintf(out, "%s%s %" PRIu64, separator, reasons[i], stats->fallbacks[i]);
		separator = ", ";
	}
	if (*separator == ',')
		fprintf(out, "\n");
}

static void put_walked(FILE *out, const struct hp_live *live)
{
	const struct hp_stats *stats = &live->page.stats;
	char more[64];

	if (!hp_live_has_answer(live)) {
		fprintf(out, "what it is used for: not known yet, the program did not come by\n");
		return;
	}
	fprintf(out, "what it is used for, %.1f s ago\n", (double)hp_live_age_ms(live) / 1000);
	snprintf(more, sizeof(more), "   %" PRIu64 " blocks", stats->in_use_blocks);
	put_size(out, "in use", stats->in_use_bytes, more);
	snprintf(more, sizeof(more), "   %" PRIu64 " blocks", stats->large_blocks);
	put_size(out, "  of it in large blocks", stats->large_bytes, more);
	put_size(out, "free or fresh, in slabs",
		 stats->free_bytes + stats->fresh_bytes + stats->waste_bytes, "");
	put_size(out, "freed, on the way back or in quarantine",
		 stats->inbox_bytes + stats->outbox_bytes + stats->quarantine_bytes, "");
	put_size(out, "between slabs, on hugepages in use", stats->gap_bytes, "");
	put_size(out, "on idle hugepages", stats->idle_bytes, "");
	put_size(out, "the allocator's own, beside it", stats->metadata_bytes, "");
	fprintf(out, "arenas %" PRIu64 ", of ended threads %" PRIu64 "\n", stats->arenas,
		stats->orphans);
}

static void put_rates(FILE *out, const struct hp_rates *rates)
{
	char text[HP_SIZE_BYTES];

	if (!rates)
		return;
	fprintf(out, "a second, over %.1f s\n", rates->seconds);
	fprintf(out,
		"  blocks, at least: %.0f allocated, %.0f freed; %.0f freed by other threads\n",
		rates->allocated_blocks, rates->freed_blocks, rates->handed_blocks);
	fprintf(out, "  large blocks: %.0f allocated, %.0f freed; %.0f refills\n",
		rates->large_taken, rates->large_given, rates->refills);
	fprintf(out,
		"  pool: %.1f hugepages taken, %.1f given back; %s of other memory given back; "
		"%.1f fall-backs\n",
		rates->hugepages_taken, rates->hugepages_given,
		hp_size_text(text, (uint64_t)rates->purged_bytes), rates->fallbacks);
}

void hp_figures_text(FILE *out, const struct hp_live *live, const struct hp_rates *rates)
{
	const struct hp_stats *stats = &live->page.stats;
	char peak[HP_SIZE_BYTES], more[64];

	fprintf(out, "process %d (%s)\n", (int)live->pid, live->name);
	snprintf(more, sizeof(more), "   at most %s", hp_size_text(peak, stats->peak_bytes));
	put_size(out, "heap held from the system", stats->heap_bytes, more);
	put_size(out, "  on the pool of huge pages (hugetlb)", stats->hugetlb_bytes, "");
	put_size(out, "  given to transparent huge pages", stats->thp_bytes, "");
	put_size(out, "  on base pages", stats->base_bytes, "");
	put_reasons(out, stats);
	put_walked(out, live);
	put_rates(out, rates);
}

/* ---- JSON ---- */

static void put_list(FILE *out, const char *name, const uint64_t *values, size_t count)
{
	fprintf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%" PRIu64, i ? "," : "", values[i]);
	fprintf(out, "]");
}

static void put_json_fullness(FILE *out, const struct hp_stats *stats)
{
#define HP_STAT_FULLNESS(name)                                                                     \
	put_list(out, #name "_fullness", stats->name##_fullness, HP_FULLNESS_COUNT);
#include "api/stats.def"
}

static void put_json_rates(FILE *out, const struct hp_rates *rates)
{
	const struct {
		const char *name;
		double value;
	} rows[] = {
		{ "hugepages_taken", rates->hugepages_taken },
		{ "hugepages_given", rates->hugepages_given },
		{ "purged_bytes", rates->purged_bytes },
		{ "fallbacks", rates->fallbacks },
		{ "refills", rates->refills },
		{ "allocated_blocks", rates->allocated_blocks },
		{ "freed_blocks", rates->freed_blocks },
		{ "handed_blocks", rates->handed_blocks },
		{ "large_taken", rates->large_taken },
		{ "large_given", rates->large_given },
	};

	fprintf(out, ",\"rates\":{\"seconds\":%.3f", rates->seconds);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		fprintf(out, ",\"%s\":%.1f", rows[i].name, rows[i].value);
	fprintf(out, "}");
}

void hp_figures_json(FILE *out, const struct hp_live *live, const struct hp_rates *rates)
{
	const struct hp_stats *stats = &live->page.stats;

	fprintf(out, "{\"pid\":%d,\"name\":\"%s\",\"uid\":%u", (int)live->pid, live->name,
		(unsigned)live->uid);
	if (hp_live_has_answer(live))
		fprintf(out, ",\"age_ms\":%" PRIu64, hp_live_age_ms(live));
	for (size_t i = 0; i < METRICS; i++) {
		if (is_known(&metrics[i], live))
			fprintf(out, ",\"%s\":%" PRIu64, metrics[i].name,
				value_of(&metrics[i], live));
	}
	fprintf(out, ",\"fallbacks\":{");
	for (size_t i = 0; i < HP_FALLBACK_COUNT; i++)
		fprintf(out, "%s\"%s\":%" PRIu64, i ? "," : "", reasons[i], stats->fallbacks[i]);
	fprintf(out, "}");
	if (hp_live_has_answer(live))
		put_json_fullness(out, stats);
	if (rates)
		put_json_rates(out, rates);
	fprintf(out, "}\n");
}

/* ---- Prometheus ---- */

/* Counters are named so by convention. */
static void put_head(FILE *out, const char *name, const char *help, enum kind kind)
{
	const char *suffix = kind == COUNTER ? "_total" : "";

	fprintf(out, "# HELP hpalloc_%s%s %s\n# TYPE hpalloc_%s%s %s\n", name, suffix, help, name,
		suffix, kind == COUNTER ? "counter" : "gauge");
}

static void put_metric(FILE *out, const struct metric *metric, const struct hp_live *list,
		       size_t count)
{
	put_head(out, metric->name, metric->help, metric->kind);
	for (size_t i = 0; i < count; i++) {
		if (!is_known(metric, &list[i]))
			continue;
		fprintf(out, "hpalloc_%s%s{pid=\"%d\",name=\"%s\"} %" PRIu64 "\n", metric->name,
			metric->kind == COUNTER ? "_total" : "", (int)list[i].pid, list[i].name,
			value_of(metric, &list[i]));
	}
}

static void put_fullness(FILE *out, const struct hp_live *live, const char *backing,
			 const uint64_t *fullness)
{
	for (unsigned i = 0; i < HP_FULLNESS_COUNT; i++) {
		char percent[8];

		snprintf(percent, sizeof(percent), i < HP_FULLNESS_FULL ? "%u" : "full", i * 10);
		fprintf(out,
			"hpalloc_hugepages{pid=\"%d\",name=\"%s\",backing=\"%s\",fullness=\"%s\"} "
			"%" PRIu64 "\n",
			(int)live->pid, live->name, backing, percent, fullness[i]);
	}
}

void hp_figures_prometheus(FILE *out, const struct hp_live *list, size_t count)
{
	for (size_t i = 0; i < METRICS; i++)
		put_metric(out, &metrics[i], list, count);
	put_head(out, "fallbacks", "hugepages that stand elsewhere, by reason", COUNTER);
	for (size_t i = 0; i < count; i++) {
		for (size_t reason = 0; reason < HP_FALLBACK_COUNT; reason++)
			fprintf(out,
				"hpalloc_fallbacks_total{pid=\"%d\",name=\"%s\",reason=\"%s\"} "
				"%" PRIu64 "\n",
				(int)list[i].pid, list[i].name, reasons[reason],
				list[i].page.stats.fallbacks[reason]);
	}
	put_head(out, "hugepages", "hugepages of the heap, up to so full in percent", GAUGE);
	for (size_t i = 0; i < count; i++) {
		if (!hp_live_has_answer(&list[i]))
			continue;
#define HP_STAT_FULLNESS(name)                                                                     \
	put_fullness(out, &list[i], #name, list[i].page.stats.name##_fullness);
#include "api/stats.def"
	}
}

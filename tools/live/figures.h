/* What a published page says, as text, JSON and in the exposition format of Prometheus. */
#ifndef HP_TOOLS_LIVE_FIGURES_H
#define HP_TOOLS_LIVE_FIGURES_H

#include <stdio.h>

#include "live/live.h"

/* "1.5 MB", cut to the width of a column. */
#define HP_SIZE_BYTES 16
const char *hp_size_text(char text[static HP_SIZE_BYTES], uint64_t bytes);

/* Events a second between two readings of one process; `before` may be NULL: then there are none.
 */
struct hp_rates {
	double seconds;
	double hugepages_taken, hugepages_given, purged_bytes; /* all of them */
	double fallbacks;
	/* Bounds from below: see hpalloc/stats.h. Frees are what was allocated and is not live. */
	double refills, allocated_blocks, freed_blocks, large_taken, large_given, handed_blocks;
};

struct hp_rates hp_rates_between(const struct hp_published *before,
				 const struct hp_published *after, double seconds);

/* Hugepages that stand elsewhere, for all reasons. */
uint64_t hp_figures_fallbacks(const struct hp_stats *stats);

void hp_figures_text(FILE *out, const struct hp_live *live, const struct hp_rates *rates);

/* One object on one line. */
void hp_figures_json(FILE *out, const struct hp_live *live, const struct hp_rates *rates);

/* All processes, metric by metric. */
void hp_figures_prometheus(FILE *out, const struct hp_live *list, size_t count);

#endif

/* What the heap holds, put together from all layers: see hpalloc/stats.h. */
#ifndef HP_API_STATS_H
#define HP_API_STATS_H

#include <hpalloc/hpalloc.h>

#include "arena/tally.h"
#include "span/census.h"

/* In a read or guest section. */
void hp_stats_fill(struct hp_stats *out_stats);

/* Sizes for which slabs are made, and the large blocks. */
#define HP_STATS_CLASSES (HP_CLASS_COUNT + 1)

/* All of them, those without a slab too. From no section. */
void hp_stats_fill_classes(struct hp_stats_class out_classes[static HP_STATS_CLASSES]);

#endif

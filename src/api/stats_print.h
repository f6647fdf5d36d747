/* The statistics as text: what the two forms share. */
#ifndef HP_API_STATS_PRINT_H
#define HP_API_STATS_PRINT_H

#include <stdbool.h>

#include "api/stats.h"
#include "base/out.h"

/* Everything that is printed, but for what is long. */
struct hp_stats_all {
	struct hp_stats stats;
	struct hp_stats_resident resident;
	bool has_resident;
	struct hp_stats_class classes[HP_STATS_CLASSES];
	size_t class_count;
	struct hp_stats_arena *arenas;
	size_t arena_count;
};

void hp_stats_put_text(struct hp_out *out, const struct hp_stats_all *all);
void hp_stats_put_json(struct hp_out *out, const struct hp_stats_all *all);

#endif

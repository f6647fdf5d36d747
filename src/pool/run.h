/* Slots in a row of one region: what the pool takes, gives, fills and purges. */
#ifndef HP_POOL_RUN_H
#define HP_POOL_RUN_H

#include "pool/region.h"

struct hp_run {
	struct hp_region *region;
	size_t first;
	size_t count;
};

static inline char *hp_run_address(struct hp_run run)
{
	return hp_region_address(run.region, run.first);
}

static inline size_t hp_run_bytes(struct hp_run run)
{
	return run.count * HP_HUGEPAGE_BYTES;
}

static inline struct hp_slot *hp_run_slots(struct hp_run run)
{
	return run.region->slots + run.first;
}

/* The run of one slot. */
static inline struct hp_run hp_run_of(const struct hp_slot *slot)
{
	struct hp_region *region = &hp_regions.at[0];

	/* By numbers: the main region may have no table. */
	while (((uintptr_t)slot - (uintptr_t)region->slots) / sizeof(*slot) >=
	       hp_region_slots(region))
		region++;
	return (struct hp_run){ region, (size_t)(slot - region->slots), 1 };
}

#endif

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

/* Takes the first `count` slots off `rest`. */
static inline struct hp_run hp_run_cut(struct hp_run *rest, size_t count)
{
	struct hp_run front = { rest->region, rest->first, count };

	rest->first += count;
	rest->count -= count;
	return front;
}

typedef bool hp_slot_alike(const struct hp_slot *one, const struct hp_slot *other);

/* Takes the first slots off `rest` that are all alike; it has one at least. */
static inline struct hp_run hp_run_cut_alike(struct hp_run *rest, hp_slot_alike *are_alike)
{
	const struct hp_slot *slots = hp_run_slots(*rest);
	size_t count = 1;

	while (count < rest->count && are_alike(slots, slots + count))
		count++;
	return hp_run_cut(rest, count);
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

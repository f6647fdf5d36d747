/*
 * Regions of reserved address space, cut into slots, and their tables: a slot descriptor for each
 * 2 MB, a span cell of 64 bytes for each unit, a bit for each free slot.
 *
 * The main region grows in place, small at first and each time doubled, at an address of its own
 * choice that nothing else is near; so one compare tells nearly always whether a pointer is ours.
 * Where it can't grow (address-space limit, a foreign mapping in the way) further regions of a
 * fixed size stand beside it. Regions are never given back.
 */
#ifndef HP_POOL_REGION_H
#define HP_POOL_REGION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool/slot.h"

#define HP_SPAN_BYTES ((size_t)64)
#define HP_REGIONS_MAX 64u

struct hp_region {
	uintptr_t base;
	_Atomic size_t bytes; /* reserved; only grows */
	char *cells;	      /* span cells, HP_SPAN_BYTES each */
	struct hp_slot *slots;
	uint64_t *free_bits; /* set: slot is FREE or IDLE; pool lock */
	size_t free_hint;    /* no free slot below; pool lock */
	size_t limit_bytes;  /* up to which it may grow in place */
};

struct hp_regions {
	struct hp_region at[HP_REGIONS_MAX];
	_Atomic unsigned count;
};

/* at[0] is the main region. Read by everyone, changed by hp_region_grow() alone. */
extern HP_HIDDEN struct hp_regions hp_regions;

static inline size_t hp_region_slots(const struct hp_region *region)
{
	return atomic_load_explicit(&region->bytes, memory_order_acquire) / HP_HUGEPAGE_BYTES;
}

/* The region of an address, or NULL; never touches the address. */
static inline struct hp_region *hp_region_find(const void *address)
{
	unsigned count = atomic_load_explicit(&hp_regions.count, memory_order_acquire);

	for (unsigned i = 0; i < count; i++) {
		struct hp_region *region = &hp_regions.at[i];

		if ((uintptr_t)address - region->base <
		    atomic_load_explicit(&region->bytes, memory_order_relaxed))
			return region;
	}
	return NULL;
}

static inline char *hp_region_address(const struct hp_region *region, size_t slot)
{
	return (char *)region->base + slot * HP_HUGEPAGE_BYTES;
}

/*
 * Makes the main region, once, before any other thread can use the heap.
 * Without address space there is none, now and later: other regions serve then.
 */
int hp_region_init(size_t *out_slots);

/*
 * Makes address space for at least `slots` more in a row and returns the region and the first new
 * slot. The caller excludes itself from other growth, and holds no lock.
 * -ENOMEM where none can be had.
 */
typedef int hp_region_growth(size_t slots, struct hp_region **out_region, size_t *out_first,
			     size_t *out_count);

hp_region_growth hp_region_grow;
hp_region_growth hp_region_grow_main; /* right behind the main region, or not at all */

/* Address space reserved so far. */
uint64_t hp_region_reserved_bytes(void);

/* What of the tables is there. Reads /proc. */
uint64_t hp_region_table_resident_bytes(void);

#endif

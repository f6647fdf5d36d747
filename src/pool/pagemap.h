/*
 * From an address to the cell of its span, by arithmetic alone: the hit path of free.
 *
 * A cell that heads no span is all zero, or `back` leads to the head: see span/span.h, which gives
 * the cell its form. Any pointer may be asked about; only cells are touched.
 */
#ifndef HP_POOL_PAGEMAP_H
#define HP_POOL_PAGEMAP_H

#include "pool/region.h"

/* What the hit path needs of the main region, in one cache line; only `bytes` ever changes. */
struct hp_pagemap {
	uintptr_t base;
	size_t bytes; /* read by HP_RELAXED_LOAD, written atomically */
	char *cells;
} HP_ALIGNED(64);

extern HP_HIDDEN struct hp_pagemap hp_pagemap;

/* Whether an address lies in the main region, and if so its cell. */
static inline bool hp_pagemap_main_cell(const void *address, char **out_cell)
{
	size_t offset = (uintptr_t)address - hp_pagemap.base;

	if (HP_UNLIKELY(offset >= HP_RELAXED_LOAD(hp_pagemap.bytes)))
		return false;
	*out_cell = hp_pagemap.cells + offset / HP_UNIT_BYTES * HP_SPAN_BYTES;
	return true;
}

/* The cell of an address in any region, else NULL. */
static inline char *hp_pagemap_cell(const void *address)
{
	const struct hp_region *region;
	char *cell;

	if (HP_LIKELY(hp_pagemap_main_cell(address, &cell)))
		return cell;
	region = hp_region_find(address);
	if (!region)
		return NULL;
	return region->cells + ((uintptr_t)address - region->base) / HP_UNIT_BYTES * HP_SPAN_BYTES;
}

/* The first byte of the unit that a cell of the main region stands for. */
static inline char *hp_pagemap_main_unit(const void *cell)
{
	size_t offset = (size_t)((const char *)cell - hp_pagemap.cells);

	return (char *)hp_pagemap.base + offset / HP_SPAN_BYTES * HP_UNIT_BYTES;
}

#endif

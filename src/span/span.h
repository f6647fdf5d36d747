/*
 * A span: a run of units with one owner and one use. Its descriptor is the cell of its first unit;
 * the cells of a slab's other units lead back to it; all other cells are zero.
 *
 * A slab is a span cut into blocks of one class. Its blocks are live, on `free`, or not yet carved.
 * Only the owner's thread changes it; other threads read `back`, `owner`, `kind`, `class`,
 * `capacity` and `inverse` while a block of theirs keeps the slab alive.
 *
 * `countdown` is how many blocks must be freed before the owner has to look:
 *   LISTED (current or on the arena's list)   live + (retained ? 1 : 0): 0 means empty
 *   FULL (on its arena's list of those)        0 means that enough are free to list it again
 */
#ifndef HP_SPAN_SPAN_H
#define HP_SPAN_SPAN_H

#include "base/list.h"
#include "pool/pagemap.h"

enum hp_span_kind { HP_SPAN_NONE, HP_SPAN_SLAB, HP_SPAN_LARGE };
enum hp_slab_state { HP_SLAB_LISTED, HP_SLAB_FULL };

struct hp_arena;

struct hp_span {
	void *free;		/* blocks by their first word, last freed first */
	struct hp_arena *owner; /* NULL: a thread's large block, or no head of a span */
	uint32_t countdown;
	uint32_t back; /* bytes from this cell back to the head's */
	uint32_t units;
	uint32_t carved;   /* blocks of the slab that were ever made available */
	uint32_t capacity; /* blocks that fit */
	uint8_t kind;
	uint8_t class;
	uint8_t state;
	bool is_retained;     /* on the arena's ring of empty slabs kept */
	bool is_zero : 1;     /* what is not carved reads as zero */
	bool is_explicit : 1; /* of an arena that the program made: see arena/explicit.h */
	bool is_hardened;     /* its blocks are as span/harden.h says */
	uint16_t generation;  /* of the process: see arena/registry.h on fork */
	uint32_t inverse;     /* of the block size: see hp_slab_has_block_at() */
	struct hp_list link;  /* on a list of its arena's, or alone */
} HP_ALIGNED(64);

static_assert(sizeof(struct hp_span) == HP_SPAN_BYTES, "a span's descriptor is one cell");

/* Whether an address lies in the main region, and if so its unit's cell. */
static inline bool hp_span_main_cell(const void *address, struct hp_span **out_cell)
{
	char *cell = NULL;
	bool is_main = hp_pagemap_main_cell(address, &cell);

	*out_cell = (struct hp_span *)(void *)cell;
	return is_main;
}

/* The span that a cell is of. */
static inline struct hp_span *hp_span_head(struct hp_span *cell)
{
	return (struct hp_span *)(void *)((char *)cell - cell->back);
}

/* The span of an address, if it is a slab's or the start of a large block's; never faults. */
static inline struct hp_span *hp_span_find(const void *address)
{
	char *cell = hp_pagemap_cell(address);

	return cell ? hp_span_head((struct hp_span *)(void *)cell) : NULL;
}

/* A run of units anywhere in a region, across slots. */
struct hp_units {
	struct hp_region *region;
	size_t first; /* counted from the region's start */
	size_t count;
};

static inline char *hp_units_address(struct hp_units units)
{
	return (char *)units.region->base + units.first * HP_UNIT_BYTES;
}

static inline struct hp_span *hp_units_span(struct hp_units units)
{
	return (struct hp_span *)(void *)(units.region->cells + units.first * HP_SPAN_BYTES);
}

/* The region of a cell that is not of the main region. */
struct hp_region *hp_span_other_region(const struct hp_span *span);

/* By numbers: the main region may have no table. */
static inline bool hp_span_is_main(const struct hp_span *span)
{
	return (uintptr_t)span - (uintptr_t)hp_pagemap.cells <
	       HP_RELAXED_LOAD(hp_pagemap.bytes) / HP_UNIT_BYTES * HP_SPAN_BYTES;
}

/* The region of a cell: spans know no address of their own. */
static inline struct hp_region *hp_span_region(const struct hp_span *span)
{
	return HP_LIKELY(hp_span_is_main(span)) ? &hp_regions.at[0] : hp_span_other_region(span);
}

static inline struct hp_units hp_span_units(const struct hp_span *span)
{
	struct hp_region *region = hp_span_region(span);

	return (struct hp_units){
		.region = region,
		.first = (size_t)((const char *)span - region->cells) / HP_SPAN_BYTES,
		.count = span->units,
	};
}

static inline char *hp_span_start(const struct hp_span *span)
{
	return HP_LIKELY(hp_span_is_main(span)) ? hp_pagemap_main_unit(span)
						: hp_units_address(hp_span_units(span));
}

#endif

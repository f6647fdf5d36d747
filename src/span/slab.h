/*
 * Slabs: spans cut into blocks of one class. A fresh slab is bumped through, a page's worth of
 * blocks at a time, lowest address first; freed blocks go on its free list.
 *
 * All but hp_slab_has_block() is for the owner's thread alone.
 */
#ifndef HP_SPAN_SLAB_H
#define HP_SPAN_SLAB_H

#include "span/class.h"
#include "span/link.h"
#include "span/span.h"

/* An empty slab of the class, without owner yet; NULL if there is no memory. */
struct hp_span *hp_slab_take(unsigned class, bool is_hot, enum hp_ground ground);

/* Gives an empty slab's units back. */
void hp_slab_give(struct hp_span *slab);

/*
 * Makes all blocks of a slab what they were before the first was carved, whatever they are now. The
 * slab is on no ring.
 */
void hp_slab_rewind(struct hp_span *slab);

/* Makes the next fresh blocks available on `free`; false if all were carved. */
bool hp_slab_carve(struct hp_span *slab);

/* The next fresh block alone, past the free list; NULL if all were carved. */
void *hp_slab_bump(struct hp_span *slab);

static inline size_t hp_slab_block_bytes(const struct hp_span *slab)
{
	return hp_class_bytes(slab->class);
}

/*
 * Division by the block size is a multiplication by its inverse, rounded up, in units of 16 bytes:
 * exact, as length and size of a slab's blocks, so counted, multiply to less.
 */
#define HP_SLAB_INVERSE_ONE ((uint64_t)1 << 31)

/*
 * Whether a block starts so many bytes behind the slab's start: then the product has no fraction,
 * but for the rounding. For any thread.
 */
static inline bool hp_slab_has_block_at(const struct hp_span *slab, size_t offset)
{
	uint64_t product = offset / 16 * slab->inverse;

	return offset % 16 == 0 && product % HP_SLAB_INVERSE_ONE < slab->inverse &&
	       product / HP_SLAB_INVERSE_ONE < slab->capacity;
}

/* Its number, where one does. */
static inline uint32_t hp_slab_number_at(const struct hp_span *slab, size_t offset)
{
	return (uint32_t)(offset / 16 * slab->inverse / HP_SLAB_INVERSE_ONE);
}

/* Whether one starts at an address, for a slab of the main region. */
static inline bool hp_slab_has_main_block(const struct hp_span *slab, const void *address)
{
	return hp_slab_has_block_at(slab,
				    (size_t)((const char *)address - hp_pagemap_main_unit(slab)));
}

static inline bool hp_slab_has_block(const struct hp_span *slab, const void *address)
{
	return hp_slab_has_block_at(slab, (size_t)((const char *)address - hp_span_start(slab)));
}

/* Frees that a FULL slab waits for until it is listed again: more than a quarter, or 64. */
static inline uint32_t hp_slab_relist_after(const struct hp_span *slab)
{
	return (uint32_t)hp_min(slab->capacity / 4, 64) + 1;
}

/* How many blocks are live, from the countdown; see span.h. */
static inline __attribute__((always_inline)) uint32_t hp_slab_live(const struct hp_span *slab)
{
	if (slab->state == HP_SLAB_FULL)
		return slab->capacity - (hp_slab_relist_after(slab) - slab->countdown);
	return slab->countdown - slab->is_retained;
}

/*
 * Looks through the free list, `most` blocks of it at most, for what misuse leaves there: a block
 * twice, a pointer into a block, a link that leads elsewhere. Ends the program if there is any.
 * Returns how many blocks it saw. For the owner at any moment, also in a signal handler: what is
 * looked for is never there for a moment only.
 */
size_t hp_slab_audit(const struct hp_span *slab, size_t most);

/* The invariants of span.h, at any cost. */
bool hp_slab_is_valid(const struct hp_span *slab);

#endif

/*
 * Under hardening: which blocks of slabs are live, a bit for each 16 bytes of a slot, away from the
 * blocks. So that a double free is known whatever the program has written.
 *
 * The slab's owner changes the bits, in the order in which it comes to know of things: a block that
 * another thread frees stays live until the owner has it back. Any thread may look.
 */
#ifndef HP_SPAN_LIVE_H
#define HP_SPAN_LIVE_H

#include "span/span.h"

/* Before the first block of a slab that lies there; false if there is no memory. */
bool hp_live_prepare(const struct hp_span *slab);

#define HP_LIVE_GRAIN ((size_t)16)

/* The word of a block, and its bit in it; a grain's, where there is no block. */
static inline _Atomic(uint64_t) *hp_live_word(const struct hp_region *region, const void *block,
					      uint64_t *out_bit)
{
	size_t offset = (uintptr_t)block - region->base;
	void *bits = atomic_load_explicit(&region->slots[offset / HP_HUGEPAGE_BYTES].live,
					  memory_order_relaxed);
	size_t grain = offset % HP_HUGEPAGE_BYTES / HP_LIVE_GRAIN;

	*out_bit = (uint64_t)1 << grain % 64;
	return (_Atomic(uint64_t) *)bits + grain / 64;
}

/*
 * Both tell whether it was live before; false too for what is no start of a block. A load and a
 * store: only the owner writes, and two owners never have bits in one word, as a word is for 1 KB
 * of a slab's units.
 */
static inline bool hp_live_set_in(const struct hp_region *region, const void *block)
{
	uint64_t bit;
	_Atomic(uint64_t) *word = hp_live_word(region, block, &bit);
	uint64_t before = atomic_load_explicit(word, memory_order_relaxed);

	atomic_store_explicit(word, before | bit, memory_order_relaxed);
	return before & bit;
}

static inline bool hp_live_clear_in(const struct hp_region *region, const void *block)
{
	uint64_t bit;
	_Atomic(uint64_t) *word = hp_live_word(region, block, &bit);
	uint64_t before = atomic_load_explicit(word, memory_order_relaxed);

	if (HP_UNLIKELY((uintptr_t)block % HP_LIVE_GRAIN || !(before & bit)))
		return false;
	atomic_store_explicit(word, before & ~bit, memory_order_relaxed);
	return true;
}

/* The same where the region is not known, but the slab. */
static inline bool hp_live_set(const struct hp_span *slab, const void *block)
{
	return hp_live_set_in(hp_span_region(slab), block);
}

static inline bool hp_live_clear(const struct hp_span *slab, const void *block)
{
	return hp_live_clear_in(hp_span_region(slab), block);
}

static inline bool hp_live_is_set(const struct hp_span *slab, const void *block)
{
	uint64_t bit;
	const _Atomic(uint64_t) *word = hp_live_word(hp_span_region(slab), block, &bit);

	return (uintptr_t)block % HP_LIVE_GRAIN == 0 &&
	       (atomic_load_explicit(word, memory_order_relaxed) & bit);
}

/* For the owner: no block of the slab is live any more. */
void hp_live_clear_all(const struct hp_span *slab);

#endif

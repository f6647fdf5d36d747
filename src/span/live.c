/* See live.h. The bits of a slot come with its first slab and stay. */
#include "span/live.h"

#include "rt/meta.h"

enum { GRAIN_BYTES = 16, WORD_BITS = 64 };

typedef _Atomic(uint64_t) word;

#define WORDS (HP_HUGEPAGE_BYTES / GRAIN_BYTES / WORD_BITS)

static struct hp_meta_kind kind = { .bytes = WORDS * sizeof(word) };

bool hp_live_prepare(const struct hp_span *slab)
{
	struct hp_units units = hp_span_units(slab);
	struct hp_slot *slot = &units.region->slots[units.first / HP_SLOT_UNITS];
	void *none = NULL, *bits;

	if (atomic_load_explicit(&slot->live, memory_order_acquire))
		return true;
	bits = hp_meta_take(&kind);
	if (!bits)
		return false;
	/* Release: pairs with the acquire above; who looks at a block came to know of it later. */
	if (!atomic_compare_exchange_strong_explicit(&slot->live, &none, bits, memory_order_acq_rel,
						     memory_order_acquire))
		hp_meta_give(&kind, bits);
	return true;
}

/* The word of a block, and its bit in it; a grain's, where there is no block. */
static inline word *find(const struct hp_span *slab, const void *block, uint64_t *out_bit)
{
	struct hp_region *region = hp_span_region(slab);
	size_t offset = (uintptr_t)block - region->base;
	word *words = (word *)atomic_load_explicit(&region->slots[offset / HP_HUGEPAGE_BYTES].live,
						   memory_order_relaxed);
	size_t grain = offset % HP_HUGEPAGE_BYTES / GRAIN_BYTES;

	*out_bit = (uint64_t)1 << grain % WORD_BITS;
	return &words[grain / WORD_BITS];
}

static inline bool is_aligned(const void *block)
{
	return (uintptr_t)block % GRAIN_BYTES == 0;
}

/* A load and a store: only the owner writes, and two owners never have bits in one word, as a word
 * is for 1 KB of a slab's units. */
bool hp_live_set(const struct hp_span *slab, const void *block)
{
	uint64_t bit;
	word *at = find(slab, block, &bit);
	uint64_t before = atomic_load_explicit(at, memory_order_relaxed);

	atomic_store_explicit(at, before | bit, memory_order_relaxed);
	return before & bit;
}

bool hp_live_clear(const struct hp_span *slab, const void *block)
{
	uint64_t bit;
	word *at = find(slab, block, &bit);
	uint64_t before = atomic_load_explicit(at, memory_order_relaxed);

	if (!is_aligned(block) || !(before & bit))
		return false;
	atomic_store_explicit(at, before & ~bit, memory_order_relaxed);
	return true;
}

bool hp_live_is_set(const struct hp_span *slab, const void *block)
{
	uint64_t bit;
	const word *at = find(slab, block, &bit);

	return is_aligned(block) && (atomic_load_explicit(at, memory_order_relaxed) & bit);
}

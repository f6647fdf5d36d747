/* See live.h. The bits of a slot come with its first slab and stay. */
#include "span/live.h"

#include "rt/meta.h"

static struct hp_meta_kind kind = { .bytes = HP_HUGEPAGE_BYTES / HP_LIVE_GRAIN / 8 };

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

void hp_live_clear_all(const struct hp_span *slab)
{
	uint64_t bit;
	_Atomic(uint64_t) *word = hp_live_word(hp_span_region(slab), hp_span_start(slab), &bit);
	size_t words = slab->units * HP_UNIT_BYTES / HP_LIVE_GRAIN / 64;

	for (size_t i = 0; i < words; i++)
		atomic_store_explicit(&word[i], 0, memory_order_relaxed);
}

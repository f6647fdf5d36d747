/* See find.h. A set bit is a free slot. */
#include "pool/find.h"

#include "base/bits.h"
#include "base/check.h"

enum { WORD_BITS = 64 };

/* The first position from `at` on whose bit is `set`, or `end`. */
static size_t next_bit(const uint64_t *bits, size_t at, size_t end, bool set)
{
	while (at < end) {
		uint64_t word =
			(set ? bits[at / WORD_BITS] : ~bits[at / WORD_BITS]) >> (at % WORD_BITS);

		if (word)
			return hp_min(at + (size_t)__builtin_ctzll(word), end);
		at = hp_round_down(at, WORD_BITS) + WORD_BITS;
	}
	return end;
}

/* The first slot at or behind `slot` whose address is a multiple of align_slots hugepages. */
static size_t align_slot(const struct hp_region *region, size_t slot, size_t align_slots)
{
	size_t base = region->base / HP_HUGEPAGE_BYTES;

	return hp_round_up(base + slot, align_slots) - base;
}

static bool find_in_region(struct hp_region *region, size_t slots, size_t align_slots,
			   size_t *out_first)
{
	size_t end = hp_region_slots(region);
	size_t at = next_bit(region->free_bits, region->free_hint, end, true);

	region->free_hint = at;
	while (at < end) {
		size_t first = align_slot(region, at, align_slots);
		size_t taken;

		if (first >= end || slots > end - first)
			return false;
		taken = next_bit(region->free_bits, first, first + slots, false);
		if (taken == first + slots) {
			*out_first = first;
			return true;
		}
		at = next_bit(region->free_bits, taken, end, true);
	}
	return false;
}

bool hp_find_free(size_t slots, size_t align_slots, struct hp_run *out_run)
{
	unsigned count = atomic_load_explicit(&hp_regions.count, memory_order_relaxed);
	size_t first;

	for (unsigned i = 0; i < count; i++) {
		if (find_in_region(&hp_regions.at[i], slots, align_slots, &first)) {
			*out_run = (struct hp_run){ &hp_regions.at[i], first, slots };
			return true;
		}
	}
	return false;
}

bool hp_find_is_free(struct hp_run run)
{
	size_t end = run.first + run.count;

	return end <= hp_region_slots(run.region) &&
	       next_bit(run.region->free_bits, run.first, end, false) == end;
}

void hp_find_mark_free(struct hp_run run)
{
	for (size_t slot = run.first; slot < run.first + run.count; slot++)
		run.region->free_bits[slot / WORD_BITS] |= (uint64_t)1 << slot % WORD_BITS;
	run.region->free_hint = hp_min(run.region->free_hint, run.first);
}

void hp_find_mark_taken(struct hp_run run)
{
	for (size_t slot = run.first; slot < run.first + run.count; slot++) {
		HP_ASSERT(run.region->free_bits[slot / WORD_BITS] >> slot % WORD_BITS & 1);
		run.region->free_bits[slot / WORD_BITS] &= ~((uint64_t)1 << slot % WORD_BITS);
	}
}

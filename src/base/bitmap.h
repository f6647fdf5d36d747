/*
 * The units of one hugepage as 128 bits: runs are found, measured, set and cleared. Pure.
 */
#ifndef HP_BASE_BITMAP_H
#define HP_BASE_BITMAP_H

#include <stdint.h>

#define HP_BITMAP_BITS 128u

__extension__ typedef unsigned __int128 hp_bitmap;

#define HP_BITMAP_FULL (~(hp_bitmap)0)

/* `count` bits from `first` on; count may be 0 to 128 - first. */
static inline hp_bitmap hp_bitmap_run(unsigned first, unsigned count)
{
	hp_bitmap ones = count >= HP_BITMAP_BITS ? HP_BITMAP_FULL : ((hp_bitmap)1 << count) - 1;

	return ones << first;
}

static inline unsigned hp_bitmap_count(hp_bitmap bits)
{
	return (unsigned)(__builtin_popcountll((uint64_t)bits) +
			  __builtin_popcountll((uint64_t)(bits >> 64)));
}

/* Position of the lowest bit; bits != 0. */
static inline unsigned hp_bitmap_lowest(hp_bitmap bits)
{
	uint64_t low = (uint64_t)bits;

	return low ? (unsigned)__builtin_ctzll(low)
		   : 64 + (unsigned)__builtin_ctzll((uint64_t)(bits >> 64));
}

/* The positions at which `count` >= 1 bits in a row begin. */
static inline hp_bitmap hp_bitmap_starts(hp_bitmap bits, unsigned count)
{
	for (unsigned have = 1; have < count && bits;) {
		unsigned step = have < count - have ? have : count - have;

		bits &= bits >> step;
		have += step;
	}
	return bits;
}

/* How many bits in a row stand at `first`. */
static inline unsigned hp_bitmap_run_at(hp_bitmap bits, unsigned first)
{
	hp_bitmap zeros = ~(bits >> first);

	return zeros ? hp_bitmap_lowest(zeros) : HP_BITMAP_BITS;
}

/*
 * Length of the longest run: by doubling up to the step that fails, then by halving. Two runs of
 * `longest` that begin `step` apart, no more than that, are one run.
 */
static inline unsigned hp_bitmap_longest(hp_bitmap bits)
{
	unsigned step = 1, longest = 1;
	hp_bitmap starts = bits, longer; /* where runs of `longest` begin */

	if (!bits || bits == HP_BITMAP_FULL)
		return bits ? HP_BITMAP_BITS : 0;
	while ((longer = starts & (starts >> step))) {
		starts = longer;
		longest += step;
		step *= 2;
	}
	while (step /= 2) {
		longer = starts & (starts >> step);
		if (longer) {
			starts = longer;
			longest += step;
		}
	}
	return longest;
}

#endif

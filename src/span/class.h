/*
 * Size classes: 16, 32 … 128, then eight a doubling up to 128 KiB, so that a block wastes 12.5 % at
 * most. Pure, but for the size of a unit.
 */
#ifndef HP_SPAN_CLASS_H
#define HP_SPAN_CLASS_H

#include "base/bits.h"
#include "pool/slot.h"

#define HP_CLASS_COUNT 88u
#define HP_CLASS_MAX_BYTES ((size_t)128 << 10)

/* Small sizes are looked up by their steps of 16 bytes, 0 to HP_CLASS_STEPS - 1. */
#define HP_CLASS_SMALL_BYTES ((size_t)1024)
#define HP_CLASS_STEPS (HP_CLASS_SMALL_BYTES / 16 + 1)
#define HP_CLASS_STEP(bytes) (((bytes) + 15) / 16)

/* 1 <= bytes <= HP_CLASS_MAX_BYTES. */
static inline unsigned hp_class_of(size_t bytes)
{
	unsigned shift;

	if (bytes <= 128)
		return (unsigned)((bytes - 1) >> 4);
	shift = hp_log2(bytes - 1) - 3;
	return (shift - 4) * 8 + (unsigned)((bytes - 1) >> shift);
}

static inline size_t hp_class_bytes(unsigned class)
{
	if (class < 8)
		return (size_t)(class + 1) * 16;
	return (size_t)(class % 8 + 9) << (class / 8 + 3);
}

/* A slab has no more. */
#define HP_CLASS_BLOCKS_MAX ((size_t)4096)

/* How long a slab of the class is: more for one that runs hot. Its tail wastes 12.5 % at most. */
unsigned hp_class_units(unsigned class, bool is_hot);

#endif

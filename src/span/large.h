/*
 * Large blocks, beyond the largest class: runs of units of their own, across hugepages where
 * needed. Growth is in place where the units behind are free, else by moving pages, else by copy.
 *
 * Any function in any thread; a block belongs to who calls.
 */
#ifndef HP_SPAN_LARGE_H
#define HP_SPAN_LARGE_H

#include "base/bits.h"
#include "span/span.h"

/* NULL if there is no memory. The span's start is aligned to `align_bytes`, at most 1 GiB. */
struct hp_span *hp_large_take(size_t bytes, size_t align_bytes, bool zero, enum hp_ground ground);

/* What a block of `bytes` would take. */
static inline size_t hp_large_bytes_for(size_t bytes)
{
	return hp_round_up(bytes, HP_UNIT_BYTES);
}

void hp_large_give(struct hp_span *large);

static inline size_t hp_large_bytes(const struct hp_span *large)
{
	return large->units * HP_UNIT_BYTES;
}

/* Grows or shrinks without moving; false if it can't grow. */
bool hp_large_resize(struct hp_span *large, size_t bytes);

/*
 * Grows by moving: a new span with the old content, the old one given. NULL where that is not
 * possible or no better than a copy; then nothing has changed.
 */
struct hp_span *hp_large_move(struct hp_span *large, size_t bytes);

/* For statistics: how many were ever taken, and given back. */
void hp_large_count(uint64_t *out_taken, uint64_t *out_given);

#endif

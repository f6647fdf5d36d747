/*
 * Free units of hugepages in use give their memory back: when there are too many such hugepages,
 * when they have been so for a decay, when the program asks. Normal memory only; see dirty.h.
 *
 * Any function in any thread, without a lock.
 */
#ifndef HP_SPAN_TRIM_H
#define HP_SPAN_TRIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One hugepage, if there are more than the bound allows. */
void hp_trim_over_bound(void);

/* One hugepage, if it has not been used for a decay. */
void hp_trim_tick(uint64_t now_ms);

/* All, at once; whether there were any. */
bool hp_trim_all(void);

/* All, if the heap is over its soft limit, or would be with so much more. */
void hp_trim_if_tight(size_t more_bytes);

/* Whether it is over: then nothing empty is to be kept. */
bool hp_trim_is_tight(void);

#endif

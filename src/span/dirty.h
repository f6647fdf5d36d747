/*
 * Hugepages in use whose free units hold memory that could go back: normal memory only, since a
 * hugetlb page goes back as a whole. Oldest first. All under the units lock.
 *
 * The bound on their number is 4, or a sixteenth of the heap's peak. A program that uses again what
 * was just trimmed raises it, once it has done so with as many slots as its peak has: passing from
 * one phase to another does not. So it stays until one slot has been quiet for a decay.
 */
#ifndef HP_SPAN_DIRTY_H
#define HP_SPAN_DIRTY_H

#include "pool/slot.h"

/* Units of the slot became free: from now on it counts as dirty, if enough of it is. */
void hp_dirty_note(struct hp_slot *slot);

void hp_dirty_remove(struct hp_slot *slot);

/* The slot that has been dirty longest, off the list, if it is so since `since_ms`; else NULL. */
struct hp_slot *hp_dirty_take(uint64_t since_ms);

/* Whether there are more than the bound allows; then the oldest is to be taken all the same. */
bool hp_dirty_is_over_bound(void);
struct hp_slot *hp_dirty_take_over_bound(void);

/* Units of a slot that was trimmed are used again. */
void hp_dirty_note_use(struct hp_slot *slot);

/* Since when that one has been dirty, UINT64_MAX without one. Needs no lock: may be outdated. */
uint64_t hp_dirty_peek(void);

#endif

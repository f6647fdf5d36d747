/*
 * Hugepages in use whose free units hold memory that could go back: normal memory only, since a
 * hugetlb page goes back as a whole. Oldest first. All under the units lock.
 */
#ifndef HP_SPAN_DIRTY_H
#define HP_SPAN_DIRTY_H

#include "pool/slot.h"

/* Units of the slot became free: from now on it counts as dirty, if enough of it is. */
void hp_dirty_note(struct hp_slot *slot);

void hp_dirty_remove(struct hp_slot *slot);

/* The slot that has been dirty longest, off the list, if it is so since `since_ms`; else NULL. */
struct hp_slot *hp_dirty_take(uint64_t since_ms);

/* Since when that one has been dirty, UINT64_MAX without one. Needs no lock: may be outdated. */
uint64_t hp_dirty_peek(void);

#endif

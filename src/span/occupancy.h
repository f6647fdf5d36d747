/*
 * Which units of a hugepage in use belong to spans, and what follows from it: its place on the
 * shelf, whether it is dirty, what its pages count as. All under the units lock.
 */
#ifndef HP_SPAN_OCCUPANCY_H
#define HP_SPAN_OCCUPANCY_H

#include "span/units.h"

/* The part of a run that lies in its first slot: the slot, and the bits. */
struct hp_slot *hp_units_first_piece(struct hp_units run, hp_bitmap *out_bits, size_t *out_count);

/* A slot that the pool gave: all of it is free. */
void hp_slot_begin(struct hp_slot *slot);

/* Units become a span's; which of them may not be zero. False where a limit forbids base pages. */
bool hp_slot_occupy(struct hp_slot *slot, hp_bitmap bits, hp_bitmap *out_stale);

/* Units become free. Whether the slot has no span any more: the pool is to get it. */
bool hp_slot_vacate(struct hp_slot *slot, hp_bitmap bits, enum hp_give how);

#endif

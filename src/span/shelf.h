/*
 * Hugepages in use, sorted by their longest run of free units: where the next span goes. All under
 * the units lock.
 */
#ifndef HP_SPAN_SHELF_H
#define HP_SPAN_SHELF_H

#include "pool/region.h"

/*
 * The hugepage of this ground with the shortest run that fits `units` at a multiple of align_units,
 * the fullest among some of these; and the unit in it. False if there is none.
 */
bool hp_shelf_find(unsigned units, unsigned align_units, enum hp_ground ground,
		   struct hp_slot **out_slot, unsigned *out_first);

/* Puts a slot where its `free` belongs: off the shelf when nothing is free. */
void hp_shelf_update(struct hp_slot *slot);

/* Takes a slot off, which was put on or never was. */
void hp_shelf_remove(struct hp_slot *slot);

#endif

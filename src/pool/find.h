/*
 * Finds free slots in a row, lowest address first, in the bitmaps of the regions. All under the
 * pool lock.
 */
#ifndef HP_POOL_FIND_H
#define HP_POOL_FIND_H

#include "pool/backing.h"

/* `slots` free ones in a row, the first at a multiple of align_slots in address. */
bool hp_find_free(size_t slots, size_t align_slots, struct hp_run *out_run);

/* Whether all slots of the run exist and are free. */
bool hp_find_is_free(struct hp_run run);

void hp_find_mark_free(struct hp_run run);
void hp_find_mark_taken(struct hp_run run);

#endif

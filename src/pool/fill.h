/*
 * Slots get their memory, within the limits. System calls on BUSY slots, which belong to the
 * caller; without a lock.
 */
#ifndef HP_POOL_FILL_H
#define HP_POOL_FILL_H

#include "pool/pool.h"

/* Whether both have memory, or none. */
bool hp_fill_alike(const struct hp_slot *one, const struct hp_slot *other);

/*
 * Gives memory to those slots of a run that have none; `spare` slots behind are mapped too, with
 * the common ground. -ENOMEM where it cannot be had, or a limit forbids it.
 */
int hp_fill(struct hp_run run, const struct hp_pool_request *request, size_t spare);

#endif

/*
 * Idle slots: hugepages without a block that are kept a little while. All under the pool lock.
 *
 * The bound is HPALLOC_IDLE_MAX, or else 2 hugepages or 3 % of the peak, whichever is more. A
 * program that takes again what was just purged raises it: the bound then follows its swing, up to
 * a limit, until it has been quiet for a decay. What is reserved (reserve.h) is the least bound.
 */
#ifndef HP_POOL_IDLE_H
#define HP_POOL_IDLE_H

#include "pool/backing.h"

/* The slot that became idle last, off the list and BUSY; false if there is none. */
bool hp_idle_take(struct hp_run *out_run);

/* As many slots of a BUSY run as the bound allows become IDLE, from the front; their number. */
size_t hp_idle_put(struct hp_run run, uint64_t now_ms);

/* All of them, whatever the bound. */
void hp_idle_put_over_bound(struct hp_run run, uint64_t now_ms);

/* A slot of a run that is being taken leaves the list. */
void hp_idle_remove(struct hp_slot *slot);

/* The slot that is idle longest, BUSY, if it has been so since before `since_ms`. */
bool hp_idle_take_oldest(uint64_t since_ms, struct hp_run *out_run);

/* Slots without memory had to be filled: was it just purged? */
void hp_idle_note_fill(size_t slots, uint64_t now_ms);

/* A slot was idle for a whole decay. */
void hp_idle_note_quiet(void);

/* So many are kept in any case, but for the soft limit; the decay leaves them. */
void hp_idle_set_reserve(size_t slots);
size_t hp_idle_reserve(void);

size_t hp_idle_count(void);

/* Since when the oldest is idle, UINT64_MAX without one. Needs no lock: may be outdated. */
uint64_t hp_idle_peek(void);

#endif

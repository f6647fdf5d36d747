/*
 * The list of all arenas. It is walked without a lock, in an RCU read section or a guest section
 * (gate.h); arenas join at its head and are unlinked under the registry lock; an unlinked arena's
 * memory is used again after a grace period and when no guest is left that began before it.
 *
 *   new thread   joins with an orphan, else with a new arena
 *   thread end   leaves: its arena becomes an orphan, or, if there are enough empty ones, retires
 *   orphan       is adopted, or settled by who hands it a block, by trim, or, if it keeps empty
 *                slabs for the next thread, after the decay
 */
#ifndef HP_ARENA_REGISTRY_H
#define HP_ARENA_REGISTRY_H

#include "arena/arena.h"

/* An arena for the calling thread, from a guest section; NULL if there is no memory. */
struct hp_arena *hp_registry_join(void);

/* The calling thread's arena, its outbox empty, is given up; from a guest section. */
void hp_registry_leave(struct hp_arena *arena);

/*
 * Frees what lies in an orphan's inbox, if it still is one and nobody else is at it. In a read or
 * guest section, the gate passed.
 */
void hp_registry_settle_orphan(struct hp_arena *arena);

/* Settles all orphans, which then keep nothing empty; the gate is passed. */
void hp_registry_settle_all(void);

/* Now and then: settles those that have kept something for a decay. The gate is passed. */
void hp_registry_tick(void);

/* The arena for threads without one, claimed; from a guest section. NULL if there is no memory. */
struct hp_arena *hp_registry_claim_late(void);
void hp_registry_release_late(struct hp_arena *arena);

/* Uses the memory of retired arenas again. Waits: outside any section and lock. */
bool hp_registry_drain(unsigned at_least);

/* Calls `visit` for every arena. In a read or guest section, or in fork's prepare and child. */
void hp_registry_walk(void (*visit)(struct hp_arena *arena, void *context), void *context);

/* Whether other threads have arenas, the late one apart. Outside any section. */
bool hp_registry_has_others(void);

/* For statistics. */
unsigned hp_registry_orphans(void);

/* A block of the class goes to an inbox, and no arena counts it: a guest's. */
void hp_registry_count_handed(unsigned class);

/* Adds what was counted outside of the arenas on the list: by guests, and by those that retired. */
void hp_registry_add_counts(struct hp_arena_counts *counts);

/* For fork. The child keeps `self` and makes orphans of all others. */
void hp_registry_lock(void);
void hp_registry_unlock(void);
void hp_registry_reset(void);
void hp_registry_inherit(struct hp_arena *self);

#endif

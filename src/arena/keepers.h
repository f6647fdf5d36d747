/*
 * Keepers: a few orphans that keep the empty slabs which their threads took again and again. The
 * next thread adopts them: where threads come and go, each would fetch the same ones from the span
 * layer, and give them back. Each keeper has a place, of which there are few, until it is adopted,
 * until somebody frees one of its blocks, until the decay or a trim: whoever claims it ends it.
 *
 *                 try_add   remove   is_due, has
 *   try_add          X         X          -       "X": excluded, for one arena, by its state: only
 *   remove           X         X          -       the owner or claimer; "-": no synchronisation
 *
 * Between two hands the arena's word orders all: its release (hp_inbox_release) pairs with the next
 * claim (hp_inbox_claim). So nothing here has a barrier of its own. The place that an arena gives
 * back is the one that was counted for it, and the count is never less than the keepers there are.
 *
 * Who walks the list (trim, decay) reads without a claim. What it reads may be of before or after:
 * it claims then, or does not, and looks no further. It misses none of threads that were joined.
 *
 * Adding and removing happen in a read or guest section together with the arena's change of hands,
 * past the gate: a fork sees both or neither, and the child has as many places taken as keepers.
 */
#ifndef HP_ARENA_KEEPERS_H
#define HP_ARENA_KEEPERS_H

#include "arena/arena.h"

/* The owner is about to leave: a keeper, if it has something to keep, and there is a place. */
void hp_keepers_try_add(struct hp_arena *arena);

/* The owner or claimer: none any more, if it was one. What it kept stays in the arena. */
void hp_keepers_remove(struct hp_arena *arena);

/* Places taken: for tests. */
unsigned hp_keepers_count(void);

/* Whether it is time to look for keepers that are due: once in a decay, if there are any. */
bool hp_keepers_try_look(uint64_t *out_now_ms);

/* Whether the arena is a keeper, and has been for a decay. */
bool hp_keepers_is_due(const struct hp_arena *arena, uint64_t now_ms);

static inline bool hp_keepers_has(const struct hp_arena *arena)
{
	return atomic_load_explicit(&arena->is_keeper, memory_order_relaxed);
}

#endif

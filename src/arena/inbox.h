/*
 * Where other threads put an arena's blocks: a stack of chains in one atomic word, which the state
 * of the arena shares, so that one compare-and-swap hands over chains and learns who is to look
 * after them.
 *
 *   OWNED     its thread drains it
 *   ORPHAN    no thread; who pushes (or finds it) may claim it
 *   CLAIMED   somebody without being its thread works on the arena
 *
 *                 push   take   claim   release      "-": no other synchronisation
 *   push           -      -      -        -          "X": excluded by the state: only the owner
 *   take (owner)   -      X      X        X          or claimer may take and release, and an
 *   claim          -      X      -        X          ORPHAN has neither
 *
 * Every push is a release of the links and the blocks' content; every take and claim acquires, and
 * so sees them. Release of an arena (to ORPHAN, or by adoption) pairs with the next claim: the
 * arena's own fields pass from hand to hand with it. No ABA: nodes are only removed all at once.
 */
#ifndef HP_ARENA_INBOX_H
#define HP_ARENA_INBOX_H

#include "arena/arena.h"
#include "arena/chain.h"

enum hp_arena_state { HP_ARENA_OWNED, HP_ARENA_ORPHAN, HP_ARENA_CLAIMED };

#define HP_INBOX_STATE ((uintptr_t)15) /* blocks are aligned to 16 */

/*
 * Hands over sealed chains, which the first blocks of the first and the last stand for, and returns
 * the state the arena was in. From then on the caller has no block that keeps the arena alive: a
 * read section or guest section must.
 */
static inline enum hp_arena_state hp_inbox_push(struct hp_arena *arena, void *first, void *last)
{
	uintptr_t word = atomic_load_explicit(&arena->inbox, memory_order_relaxed);

	do
		hp_chain_link(last, word & ~HP_INBOX_STATE);
	while (!atomic_compare_exchange_weak_explicit(&arena->inbox, &word,
						      (uintptr_t)first | (word & HP_INBOX_STATE),
						      memory_order_release, memory_order_relaxed));
	return (enum hp_arena_state)(word & HP_INBOX_STATE);
}

/* All chains, for the owner or claimer, which `state` says. */
static inline void *hp_inbox_take(struct hp_arena *arena, enum hp_arena_state state)
{
	uintptr_t word = atomic_load_explicit(&arena->inbox, memory_order_relaxed);

	if (HP_LIKELY(word == (uintptr_t)state))
		return NULL;
	word = atomic_exchange_explicit(&arena->inbox, (uintptr_t)state, memory_order_acquire);
	return (void *)(word & ~HP_INBOX_STATE);
}

/* ORPHAN becomes CLAIMED, by the caller; false if it is no orphan. The blocks stay. */
static inline bool hp_inbox_claim(struct hp_arena *arena)
{
	uintptr_t word = atomic_load_explicit(&arena->inbox, memory_order_relaxed);

	do
		if ((word & HP_INBOX_STATE) != HP_ARENA_ORPHAN)
			return false;
	while (!atomic_compare_exchange_weak_explicit(&arena->inbox, &word,
						      (word & ~HP_INBOX_STATE) | HP_ARENA_CLAIMED,
						      memory_order_acquire, memory_order_relaxed));
	return true;
}

/* The owner or claimer leaves; false if blocks came meanwhile, which it must take first. */
static inline bool hp_inbox_release(struct hp_arena *arena, enum hp_arena_state state)
{
	uintptr_t word = (uintptr_t)state;

	return atomic_compare_exchange_strong_explicit(&arena->inbox, &word, HP_ARENA_ORPHAN,
						       memory_order_release, memory_order_relaxed);
}

/* The claimer becomes the owner: its thread's arena from now on. The blocks stay. */
static inline void hp_inbox_adopt(struct hp_arena *arena)
{
	atomic_fetch_xor_explicit(&arena->inbox, HP_ARENA_CLAIMED ^ HP_ARENA_OWNED,
				  memory_order_acq_rel);
}

#endif

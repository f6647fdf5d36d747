/*
 * The gate that fork closes: no slow path is inherited half done.
 *
 * A thread with an arena passes by its own `busy` flag, a plain store; one without (starting,
 * ending, dead) is a guest and counts itself. Prepare closes the gate, makes every thread pass a
 * memory barrier, and waits until all flags and the count are clear. Who finds it closed steps
 * back and waits for the fork to end.
 *
 * The store of `busy` and the load of `closed` behind it must not be seen in the other order; the
 * partner is the barrier that prepare sends to all threads (membarrier). Where the kernel has
 * none, each passing takes the slow way, which has a full fence itself.
 *
 * In a section: no grace period, no first read section, no section inside it.
 */
#ifndef HP_ARENA_GATE_H
#define HP_ARENA_GATE_H

#include "arena/arena.h"

struct hp_gate {
	_Atomic bool is_slow; /* closed, or there is no membarrier */
	_Atomic bool is_closed;
	_Atomic bool needs_fence; /* there is no membarrier */
	_Atomic unsigned guests HP_ALIGNED(64);
};

extern HP_HIDDEN struct hp_gate hp_gate;

/* Passes with a fence; waits for the fork to end if there is one. */
void hp_gate_enter_slow(struct hp_arena *arena);

static inline void hp_gate_enter(struct hp_arena *arena)
{
	atomic_store_explicit(&arena->busy, true, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	if (HP_UNLIKELY(atomic_load_explicit(&hp_gate.is_slow, memory_order_relaxed)))
		hp_gate_enter_slow(arena);
}

/* The same without a wait: false if it would take the slow way. */
static inline bool hp_gate_try_enter(struct hp_arena *arena)
{
	atomic_store_explicit(&arena->busy, true, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	if (HP_LIKELY(!atomic_load_explicit(&hp_gate.is_slow, memory_order_relaxed)))
		return true;
	atomic_store_explicit(&arena->busy, false, memory_order_release);
	return false;
}

/* Release: pairs with prepare's acquire of `busy`, so that the fork has what the section wrote. */
static inline void hp_gate_leave(struct hp_arena *arena)
{
	atomic_store_explicit(&arena->busy, false, memory_order_release);
}

/*
 * The same for a thread without an arena. A guest section also keeps every arena that can be found
 * from being released, as a read section does: see hp_gate_await_guests().
 */
void hp_gate_enter_guest(void);
void hp_gate_leave_guest(void);

/* After a grace period: no guest is left that could have found what was unlinked before. */
void hp_gate_await_guests(void);

/* Once, at start-up. */
void hp_gate_init(void);

/* For fork: nobody but the caller is on a slow path between close and open. */
void hp_gate_close(void);
void hp_gate_open(void);
void hp_gate_reset(void);

#endif

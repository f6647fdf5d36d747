/* See thread.h. */
#include "arena/thread.h"

#include <pthread.h>

#include "arena/explicit.h"
#include "arena/gate.h"
#include "arena/inbox.h"
#include "arena/outbox.h"
#include "arena/quarantine.h"
#include "arena/registry.h"
#include "base/check.h"

enum {
	DRAIN_RETIRED = 64, /* arenas that share one grace period */
	GUEST_FREES = 16,   /* by a thread that has not allocated yet */
};

static pthread_key_t key;

/*
 * The thread ends. Not put off to a later round of destructors, though others may still use the
 * heap: the first use may have been in the last round, and the dead state serves them.
 */
static void end(void *unused)
{
	struct hp_arena *arena = hp_mine;

	(void)unused;
	if (!hp_arena_is_real(arena))
		return;
	hp_gate_enter(arena);
	hp_quarantine_release(arena);
	hp_outbox_flush(arena);
	hp_gate_leave(arena);
	hp_explicit_leave_thread();
	hp_arena_become(&hp_arena_dead);
	hp_gate_enter_guest();
	hp_registry_leave(arena);
	hp_gate_leave_guest();
	hp_registry_drain(DRAIN_RETIRED);
}

int hp_thread_init(void)
{
	return pthread_key_create(&key, end);
}

/*
 * Registering with RCU and setting the key may both call malloc: this thread is `starting` then
 * and served as a guest.
 */
static struct hp_arena *start(void)
{
	struct hp_arena *arena;

	hp_arena_become(&hp_arena_starting);
	/* Without memory for that the thread is served as a guest, and tries again. */
	if (!hp_reclaim_register_thread() || pthread_setspecific(key, &key)) {
		hp_arena_become(&hp_arena_none);
		return hp_mine;
	}
	hp_gate_enter_guest();
	arena = hp_registry_join();
	hp_gate_leave_guest();
	hp_arena_become(arena ? arena : &hp_arena_none);
	return hp_mine;
}

struct hp_arena *hp_thread_arena(void)
{
	return HP_UNLIKELY(hp_mine == &hp_arena_none) ? start() : hp_mine;
}

struct hp_arena *hp_thread_arena_to_free(void)
{
	static __thread unsigned frees;

	if (hp_mine == &hp_arena_none && ++frees <= GUEST_FREES)
		return hp_mine;
	return hp_thread_arena();
}

void hp_thread_settle(enum hp_settle how)
{
	struct hp_arena *arena = hp_mine;

	if (!hp_arena_is_real(arena))
		return;
	hp_gate_enter(arena);
	hp_quarantine_release(arena);
	hp_outbox_flush(arena);
	hp_arena_free_chains(arena, hp_inbox_take(arena, HP_ARENA_OWNED));
	if (how == HP_SETTLE_AND_RELEASE)
		hp_arena_release_retained(arena);
	hp_gate_leave(arena);
}

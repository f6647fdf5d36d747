/* See registry.h, and inbox.h for the states. */
#include "arena/registry.h"

#include <pthread.h>

#include "arena/gate.h"
#include "arena/inbox.h"
#include "arena/keepers.h"
#include "arena/outbox.h"
#include "arena/quarantine.h"
#include "arena/tally.h"
#include "base/check.h"
#include "base/lock.h"
#include "rt/meta.h"

enum {
	KEEP_EMPTY = 64, /* orphans without a slab, for threads to come */
	ADOPT_TRIES = 4, /* before a thread gets an arena more */
};

static struct {
	struct hp_lock lock;
	_Atomic(struct hp_arena *) head;
	_Atomic(struct hp_arena *) late;
	_Atomic unsigned orphans; /* about: counted after the state has changed */
	_Atomic unsigned empty;	  /* of them without a slab when they were left */
	struct hp_meta_kind kind;
	struct hp_arena_counts retired; /* of arenas that are gone; under the lock */
	_Atomic uint32_t made;
	_Atomic uint64_t handed; /* by guests, in all and by class */
	_Atomic uint32_t in_flight[HP_CLASS_COUNT];
} registry = {
	.lock = HP_LOCK_INIT(HP_RANK_REGISTRY),
	.kind = { .bytes = sizeof(struct hp_arena) },
};

void hp_registry_lock(void)
{
	hp_lock_acquire(&registry.lock);
}

void hp_registry_unlock(void)
{
	hp_lock_release(&registry.lock);
}

void hp_registry_reset(void)
{
	hp_lock_reset(&registry.lock);
}

unsigned hp_registry_orphans(void)
{
	return atomic_load_explicit(&registry.orphans, memory_order_relaxed);
}

void hp_registry_count_handed(unsigned class)
{
	atomic_fetch_add_explicit(&registry.handed, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&registry.in_flight[class], 1, memory_order_relaxed);
}

void hp_registry_add_counts(struct hp_arena_counts *counts)
{
	hp_registry_lock();
	hp_tally_add_counts(counts, &registry.retired);
	hp_registry_unlock();
	counts->handed_blocks += atomic_load_explicit(&registry.handed, memory_order_relaxed);
	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++)
		counts->in_flight[class] +=
			atomic_load_explicit(&registry.in_flight[class], memory_order_relaxed);
}

/* Acquire: pairs with link(), a reader sees the arena as it was made. */
void hp_registry_walk(void (*visit)(struct hp_arena *arena, void *context), void *context)
{
	struct hp_arena *arena = atomic_load_explicit(&registry.head, memory_order_acquire);

	for (; arena; arena = atomic_load_explicit(&arena->next, memory_order_acquire))
		visit(arena, context);
}

static void look_for_others(struct hp_arena *arena, void *found)
{
	if (arena != hp_mine && !arena->is_late)
		*(bool *)found = true;
}

bool hp_registry_has_others(void)
{
	bool found = false;

	hp_gate_enter_guest();
	hp_registry_walk(look_for_others, &found);
	hp_gate_leave_guest();
	return found;
}

static void link(struct hp_arena *arena)
{
	struct hp_arena *head;

	hp_registry_lock();
	head = atomic_load_explicit(&registry.head, memory_order_relaxed);
	atomic_store_explicit(&arena->next, head, memory_order_relaxed);
	if (head)
		head->previous = arena;
	atomic_store_explicit(&registry.head, arena, memory_order_release);
	hp_registry_unlock();
}

/* A reader that stands on the arena goes on through its `next`. */
static void unlink_and_retire(struct hp_arena *arena)
{
	struct hp_arena *next;

	HP_ASSERT(!hp_keepers_has(arena));
	hp_registry_lock();
	hp_tally_add_counts(&registry.retired, &arena->counts);
	next = atomic_load_explicit(&arena->next, memory_order_relaxed);
	if (next)
		next->previous = arena->previous;
	if (arena->previous)
		atomic_store_explicit(&arena->previous->next, next, memory_order_release);
	else
		atomic_store_explicit(&registry.head, next, memory_order_release);
	hp_registry_unlock();
	hp_reclaim_retire(&arena->retired);
}

static struct hp_arena *make(bool is_late)
{
	struct hp_arena *arena = hp_meta_take(&registry.kind);

	if (!arena)
		return NULL;
	hp_arena_init(arena);
	arena->number = 1 + atomic_fetch_add_explicit(&registry.made, 1, memory_order_relaxed);
	arena->is_late = is_late;
	if (is_late)
		atomic_store_explicit(&arena->inbox, HP_ARENA_ORPHAN, memory_order_relaxed);
	link(arena);
	return arena;
}

static void count_orphan(int change, bool is_empty)
{
	atomic_fetch_add_explicit(&registry.orphans, (unsigned)change, memory_order_relaxed);
	if (is_empty)
		atomic_fetch_add_explicit(&registry.empty, (unsigned)change, memory_order_relaxed);
}

/* An orphan becomes the caller's claim. */
static bool claim(struct hp_arena *arena)
{
	if (!hp_inbox_claim(arena))
		return false;
	if (!arena->is_late)
		count_orphan(-1, !arena->slab_count);
	hp_keepers_remove(arena);
	return true;
}

/*
 * The owner or claimer takes what is in the inbox; whether no slab is left. So much may come home
 * that a keeper has nothing to keep any more: its place is another's then, also if it retires.
 */
static bool empty_out(struct hp_arena *arena, enum hp_arena_state state)
{
	hp_arena_free_chains(arena, hp_inbox_take(arena, state));
	if (!hp_keepers_has(arena))
		hp_arena_release_retained(arena);
	else if (!arena->ring_count)
		hp_keepers_remove(arena);
	HP_ASSERT(hp_keepers_has(arena) == (arena->ring_count > 0));
	return !arena->slab_count;
}

/*
 * Gives an arena up. Counted before the state changes: afterwards it may already be another's.
 */
static void leave(struct hp_arena *arena, enum hp_arena_state state)
{
	for (;;) {
		bool is_empty = empty_out(arena, state);

		if (is_empty &&
		    atomic_load_explicit(&registry.empty, memory_order_relaxed) >= KEEP_EMPTY) {
			unlink_and_retire(arena);
			return;
		}
		count_orphan(1, is_empty);
		if (hp_inbox_release(arena, state))
			return;
		count_orphan(-1, is_empty);
	}
}

void hp_registry_release_late(struct hp_arena *arena)
{
	do
		empty_out(arena, HP_ARENA_CLAIMED);
	while (!hp_inbox_release(arena, HP_ARENA_CLAIMED));
}

void hp_registry_settle_orphan(struct hp_arena *arena)
{
	if (!claim(arena))
		return;
	if (arena->is_late)
		hp_registry_release_late(arena);
	else
		leave(arena, HP_ARENA_CLAIMED);
}

static void settle_filled(struct hp_arena *arena, void *unused)
{
	(void)unused;
	if (hp_keepers_has(arena) ||
	    atomic_load_explicit(&arena->inbox, memory_order_relaxed) & ~HP_INBOX_STATE)
		hp_registry_settle_orphan(arena);
}

void hp_registry_settle_all(void)
{
	hp_reclaim_read_begin();
	hp_registry_walk(settle_filled, NULL);
	hp_reclaim_read_end();
}

static void settle_due(struct hp_arena *arena, void *now_ms)
{
	if (hp_keepers_is_due(arena, *(const uint64_t *)now_ms))
		hp_registry_settle_orphan(arena);
}

void hp_registry_tick(void)
{
	uint64_t now_ms;

	if (!hp_keepers_try_look(&now_ms))
		return;
	hp_reclaim_read_begin();
	hp_registry_walk(settle_due, &now_ms);
	hp_reclaim_read_end();
}

/*
 * The orphan with the most slabs: so that the others run empty. A wrong guess does no harm. None
 * with slabs from before a fork: one of them may have counted down in the middle of a free, which
 * the hit path of an owner would pass by, and a chain of blocks notices.
 */
static HP_RACY_READER void choose_largest(struct hp_arena *arena, void *context)
{
	struct hp_arena **best = context;
	uintptr_t word = atomic_load_explicit(&arena->inbox, memory_order_relaxed);

	if ((word & HP_INBOX_STATE) == HP_ARENA_ORPHAN && !arena->is_late && !arena->inherited &&
	    (!*best || arena->slab_count > (*best)->slab_count))
		*best = arena;
}

/*
 * NULL if there is none, or all are claimed just now by who freed blocks of theirs. A claim is lost
 * to somebody who gets on: threads that start in step look again at once, not for an arena more.
 */
static struct hp_arena *adopt(void)
{
	struct hp_arena *arena;

	do {
		arena = NULL;
		hp_registry_walk(choose_largest, &arena);
		if (!arena)
			return NULL;
	} while (!claim(arena));
	hp_inbox_adopt(arena);
	return arena;
}

struct hp_arena *hp_registry_join(void)
{
	for (unsigned i = 0; i < ADOPT_TRIES && hp_registry_orphans(); i++) {
		struct hp_arena *arena = adopt();

		if (arena)
			return arena;
		hp_os_yield();
	}
	return make(false);
}

void hp_registry_leave(struct hp_arena *arena)
{
	hp_keepers_try_add(arena);
	leave(arena, HP_ARENA_OWNED);
}

static struct hp_arena *late(void)
{
	struct hp_arena *arena = atomic_load_explicit(&registry.late, memory_order_acquire);
	struct hp_arena *made;

	if (arena)
		return arena;
	made = make(true);
	/* Who comes second leaves one arena too many on the list: harmless, and it stays. */
	if (made && atomic_compare_exchange_strong(&registry.late, &arena, made))
		return made;
	return arena;
}

struct hp_arena *hp_registry_claim_late(void)
{
	struct hp_arena *arena = late();

	while (arena && !claim(arena))
		hp_os_yield();
	return arena;
}

static void reuse(struct hp_retired *retired)
{
	hp_gate_await_guests();
	hp_meta_give(&registry.kind, HP_CONTAINER(retired, struct hp_arena, retired));
}

bool hp_registry_drain(unsigned at_least)
{
	bool any;
	int cancel_state;

	/* Between prepare and the end of a fork a grace period would wait for this very thread. */
	if (hp_lock_has_process())
		return false;
	/* liburcu may poll() with its locks held, which is a cancellation point. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	any = hp_reclaim_drain(at_least, reuse);
	pthread_setcancelstate(cancel_state, &cancel_state);
	return any;
}

static void inherit(struct hp_arena *arena, void *self)
{
	uintptr_t word = atomic_load_explicit(&arena->inbox, memory_order_relaxed);

	if (arena == self)
		return;
	if ((word & HP_INBOX_STATE) == HP_ARENA_OWNED) {
		hp_arena_inherit(arena);
		count_orphan(1, !arena->slab_count);
	}
	atomic_store_explicit(&arena->inbox, (word & ~HP_INBOX_STATE) | HP_ARENA_ORPHAN,
			      memory_order_relaxed);
}

static void send_parcels(struct hp_arena *arena, void *self)
{
	if (arena == self)
		return;
	hp_outbox_inherit(arena);
	hp_quarantine_inherit(arena);
}

void hp_registry_inherit(struct hp_arena *self)
{
	hp_registry_walk(inherit, self);
	hp_registry_walk(send_parcels, self);
}

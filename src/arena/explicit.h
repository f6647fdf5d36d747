/*
 * Explicit arenas: those that the program makes (hpalloc/arena.h). The slabs and the paths on them
 * are those of every arena. What is different:
 *
 *  - It is no thread's: `user` says who may work on it. A thread alone ("bound"), or whoever has
 *    the lock ("shared"). Its inbox is CLAIMED for good, so that nobody adopts or settles it, and
 *    it is not in the registry. It has a list of its own here, for forks and ends of threads.
 *  - All that it has can be found: current, listed and full slabs, and its large blocks, which have
 *    it as their owner, too.
 *  - A free is at once: by its user into the slab, by another thread (bound) into the inbox.
 *    Nothing of it is in an outbox or a quarantine; so empty and end leave nothing behind.
 *  - No system call under its lock: slabs are made before they are added, and those that have run
 *    empty under the lock are given back after it.
 *
 * Who may do what to a bound arena, besides its thread: push to the inbox; take a large block off
 * the list (lock), and count less as held; read what is constant. So `held_bytes` only grows by its
 * user (bound) or by compare-and-swap (shared), and a limit is never passed.
 *
 * Fork: its lock is taken in sections of the gate only, so that prepare finds it free, and nothing
 * of a shared arena half done. The hit path of a bound one passes neither gate nor lock. It commits
 * by one store, as in arena.h; and what a child may do to an arena whose thread is gone, to end it,
 * does not look at what a hit path changes. That thread's `user` is HP_EXPLICIT_GONE then.
 *
 * All functions: the gate is passed, but for those that say otherwise.
 */
#ifndef HP_ARENA_EXPLICIT_H
#define HP_ARENA_EXPLICIT_H

#include <hpalloc/arena.h>

#include "arena/arena.h"
#include "base/lock.h"
#include "span/harden.h"

struct hp_explicit {
	struct hp_arena arena; /* the first: it is what the program has a pointer to */

	/* Who may use it: see hp_explicit_user_is_me(). NULL: nobody, it has ended */
	_Atomic(const char *) user;

	/* constant */
	char name[HP_ARENA_NAME_BYTES];
	size_t limit_bytes;

	/* any thread */
	_Atomic size_t held_bytes; /* units of its spans, and of those being made */
	_Atomic size_t peak_bytes;
	_Atomic uint64_t refused;

	/* all of a shared arena; of a bound one, this */
	struct hp_lock lock;
	struct hp_list large; /* its large blocks, but for those that are being resized */

	/* its user */
	uint64_t resets;

	/* list lock */
	struct hp_list link;
} HP_ALIGNED(64);

/* `user`, where that is no thread. */
extern HP_HIDDEN const char hp_explicit_users[2];
#define HP_EXPLICIT_SHARED (&hp_explicit_users[0])
#define HP_EXPLICIT_GONE (&hp_explicit_users[1])

static inline struct hp_explicit *hp_explicit_of(struct hp_arena *arena)
{
	return (struct hp_explicit *)arena;
}

/* Of a span that is_explicit. */
static inline struct hp_explicit *hp_explicit_of_span(const struct hp_span *span)
{
	return hp_explicit_of(span->owner);
}

static inline const char *hp_explicit_user(const struct hp_explicit *explicit)
{
	return atomic_load_explicit(&explicit->user, memory_order_relaxed);
}

/*
 * The calling thread, as a user: a thread-local's address, which is no other thread's until this
 * one has ended and left its arenas. Where hits are watched it is one more, so that no hit path
 * knows it.
 */
static inline const char *hp_explicit_me(void)
{
	return (const char *)&hp_self;
}

static inline bool hp_explicit_is_shared(const struct hp_explicit *explicit)
{
	return hp_explicit_user(explicit) == HP_EXPLICIT_SHARED;
}

static inline bool hp_explicit_is_mine(const struct hp_explicit *explicit)
{
	return hp_explicit_user(explicit) == hp_explicit_me() + (hp_watch != 0);
}

/* Empty, on the list; NULL if there is no memory. The options are valid. */
struct hp_explicit *hp_explicit_make(const struct hp_arena_options *options, enum hp_ground ground);

/* Gives all of it back. Nobody may use it any more. */
void hp_explicit_end(struct hp_explicit *explicit);

/* All below: the caller is its user. */

/* A block; NULL if there is no memory or the limit forbids it. */
void *hp_explicit_take(struct hp_explicit *explicit, unsigned class, bool zero);

/* Frees all blocks. */
void hp_explicit_empty(struct hp_explicit *explicit);

/* As hp_large_take(), hp_large_resize() and hp_large_move(). */
struct hp_span *hp_explicit_take_large(struct hp_explicit *explicit, size_t bytes,
				       size_t align_bytes, bool zero);
struct hp_span *hp_explicit_resize_large(struct hp_explicit *explicit, struct hp_span *large,
					 size_t bytes);

/* Calls `visit` for each block that is not free. Behind its lock, if it is shared. */
typedef void hp_block_visitor(void *block, void *context);
void hp_explicit_walk(struct hp_explicit *explicit, hp_block_visitor *visit, void *context);

/* What it holds and has handed out; the rest of *out_stats is untouched. */
void hp_explicit_count(struct hp_explicit *explicit, struct hp_arena_stats *out_stats);

/* Gives back the empty slabs that it keeps; whether there were any. */
bool hp_explicit_release(struct hp_explicit *explicit);

/*
 * A block of one of its slabs, with its number there, is free: of a shared arena, or one that is
 * the caller's; or of another's.
 */
void hp_explicit_give(struct hp_explicit *explicit, struct hp_span *slab, void *block,
		      uint32_t number);
void hp_explicit_hand_over(struct hp_span *slab, void *block);

/* Any thread: frees a large block; false if it is none of the arena any more. */
bool hp_explicit_give_large(struct hp_explicit *explicit, struct hp_span *large);

/* Any thread: all that there are, under the list's lock. */
typedef void hp_explicit_visitor(struct hp_explicit *explicit, void *context);
void hp_explicit_each(hp_explicit_visitor *visit, void *context);

/* The calling thread ends. Needs no gate. */
void hp_explicit_leave_thread(void);

/* Those that the calling thread is bound to give back what they keep; or all that it may use. */
void hp_explicit_release_mine(void);
void hp_explicit_release_all(void);

/* For fork. In the child, the other threads are gone. */
void hp_explicit_lock_list(void);
void hp_explicit_unlock_list(void);
void hp_explicit_reset_list_lock(void);
void hp_explicit_inherit(void);

#endif

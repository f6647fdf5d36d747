/*
 * An arena: one thread's slabs, by class, and the hit paths of malloc and free on them.
 *
 * A thread changes only its own arena; an arena without thread (an orphan) belongs to who claims
 * it, see inbox.h. The hit paths commit by one store each, so that a fork in between inherits at
 * worst a block that nobody has.
 *
 * Invariants, for a class c:
 *   current[c] is LISTED and on no list, or &hp_span_none
 *   small[s] == current[c] for each step s of class c, but see hp_arena_miss_always()
 *   listed[c] has the other LISTED slabs of the class
 *   full has all FULL slabs, of any class and generation
 *   a slab is on the ring <=> is_retained
 *   an orphan's ring is not empty <=> is_keeper
 *   slab_count == the number of slabs whose owner this is, but for those that are leaving
 */
#ifndef HP_ARENA_ARENA_H
#define HP_ARENA_ARENA_H

#include <stdatomic.h>

#include "arena/chain.h"
#include "rt/reclaim.h"
#include "span/harden.h"

#define HP_RING_SLABS 64u
#define HP_OUTBOX_CHAINS 64u

/*
 * What the slow paths of an arena did since it was made. Plain counters of its owner or claimer;
 * statistics read them without order.
 */
struct hp_arena_counts {
	uint64_t refills;
	uint64_t refilled_blocks; /* to be had after a refill, its own block included */
	uint64_t handed_blocks;	  /* of others, handed over */
	uint64_t slabs_taken;
	uint64_t slabs_given;
	/*
	 * Blocks of the class that left here for inboxes, less those that came here from one,
	 * modulo 2^32. The sum over all arenas is what lies in inboxes.
	 */
	uint32_t in_flight[HP_CLASS_COUNT];
};

struct hp_arena {
	/* owner, hot */
	struct hp_span *small[HP_CLASS_STEPS];
	struct hp_span *current[HP_CLASS_COUNT];

	/* any thread: blocks freed by others, and the state; see inbox.h */
	_Atomic uintptr_t inbox HP_ALIGNED(64);

	/* owner; fork's prepare reads it */
	_Atomic bool busy HP_ALIGNED(64); /* on a slow path: see gate.h */

	/* owner */
	uint16_t generation; /* slabs of another one were inherited by fork and are not reused */
	uint32_t number;     /* in the order of their making, from 1: for statistics */
	bool is_late;	     /* serves threads that have no arena of their own; never adopted */
	bool is_explicit;    /* the program made it: see explicit.h */
	uint8_t ground;	     /* enum hp_ground: what its slabs stand on */
	uint32_t slab_count;
	uint32_t until_tick;  /* slow paths until the decay is looked after */
	uint32_t outbox_load; /* what waits there, in blocks and bytes */
	uint32_t ring_first;  /* oldest of the retained slabs */
	uint32_t ring_count;
	uint32_t ring_units;	  /* their units */
	uint32_t ring_limit;	  /* how many they may be: grows when slabs are taken again */
	uint32_t released_units;  /* lately given back to the span layer */
	uint32_t releases;	  /* since ever: some are audited */
	uint32_t inherited;	  /* slabs of an older generation */
	_Atomic bool is_keeper;	  /* it is left with its ring: see keepers.h; anybody reads it */
	_Atomic uint64_t kept_ms; /* since when, if so */
	struct hp_span *ring[HP_RING_SLABS];
	uint64_t outbox_filled; /* a bit for each chain */
	struct hp_chain outbox[HP_OUTBOX_CHAINS];
	uint32_t slabs_of[HP_CLASS_COUNT];
	struct hp_list listed[HP_CLASS_COUNT];
	struct hp_list full;
	struct hp_list leaving;		  /* explicit: empty slabs on their way back */
	struct hp_quarantine *quarantine; /* under hardening: see quarantine.h */
	struct hp_arena_counts counts;

	/* registry lock; `next` is read under RCU or in a guest section */
	_Atomic(struct hp_arena *) next;
	struct hp_arena *previous;
	struct hp_retired retired;
} HP_ALIGNED(64);

/* Stands in where there is no slab: the hit paths miss on it. */
extern HP_HIDDEN struct hp_span hp_span_none;

/*
 * Stand in where there is no arena. Of an arena they have its slabs alone, which is all that a hit
 * path looks at before it misses; they share it, each a cache line further on.
 */
enum hp_stand_in {
	HP_STAND_IN_NONE,     /* a thread before its first malloc */
	HP_STAND_IN_STARTING, /* while it gets its arena */
	HP_STAND_IN_DEAD,     /* after it gave its arena up */
	HP_STAND_IN_WATCHED,  /* it has one, but nothing is to be a hit */
	HP_STAND_INS,
	HP_STAND_IN_STEP = 64 / sizeof(void *),
	HP_STAND_IN_SLABS = HP_CLASS_STEPS + HP_CLASS_COUNT + (HP_STAND_INS - 1) * HP_STAND_IN_STEP,
};

extern HP_HIDDEN struct hp_span *hp_stand_in_slabs[HP_STAND_IN_SLABS] HP_ALIGNED(64);

#define HP_STAND_IN(which)                                                                         \
	(*(struct hp_arena *)(void *)&hp_stand_in_slabs[(which)*HP_STAND_IN_STEP])
#define hp_arena_none HP_STAND_IN(HP_STAND_IN_NONE)
#define hp_arena_starting HP_STAND_IN(HP_STAND_IN_STARTING)
#define hp_arena_dead HP_STAND_IN(HP_STAND_IN_DEAD)
#define hp_arena_watched HP_STAND_IN(HP_STAND_IN_WATCHED)

/* Why nothing is to be a hit: 0 in a program that asked for none of it. */
enum hp_watch { HP_WATCH_HARDEN = 1, HP_WATCH_TRACE = 2 };

/* Those of enum hp_watch that are on: set by the constructor, before any thread but the first. */
extern HP_HIDDEN unsigned hp_watch;

/*
 * What the hit paths take for the calling thread's arena, never NULL: it, or one of the stand-ins.
 * The slow paths look at hp_mine: the same, but the arena itself where hp_watch is set.
 */
extern HP_HIDDEN __thread struct hp_arena *hp_self;
extern HP_HIDDEN __thread struct hp_arena *hp_mine;

static inline bool hp_arena_is_real(const struct hp_arena *arena)
{
	return (uintptr_t)arena - (uintptr_t)hp_stand_in_slabs >= sizeof(hp_stand_in_slabs);
}

/* The calling thread has this arena, or stand-in, from now on. */
static inline void hp_arena_become(struct hp_arena *arena)
{
	hp_mine = arena;
	hp_self = HP_UNLIKELY(hp_watch) && hp_arena_is_real(arena) ? &hp_arena_watched : arena;
}

/* A block of an arena's current slab, or NULL: then hp_arena_refill(). */
static inline void *hp_slab_pop(struct hp_span *slab)
{
	void *block = slab->free;

	if (HP_UNLIKELY(!block))
		return NULL;
	slab->free = *(void **)block;
	atomic_signal_fence(memory_order_seq_cst); /* fork: lost is better than counted twice */
	slab->countdown++;
	return block;
}

static inline void *hp_arena_pop(struct hp_arena *arena, unsigned class)
{
	return hp_slab_pop(arena->current[class]);
}

/* The first half of a free; true if the slab is then due for hp_arena_free(). */
static inline bool hp_slab_count_down(struct hp_span *slab)
{
	return --slab->countdown == 0;
}

/* The second half: the block is available again. */
static inline void hp_slab_push(struct hp_span *slab, void *block)
{
	atomic_signal_fence(memory_order_seq_cst); /* as in hp_slab_pop() */
	*(void **)block = slab->free;
	atomic_signal_fence(memory_order_seq_cst); /* the link first: this store commits */
	slab->free = block;
}

/* The same two for the slow paths, which alone are taken under hardening. */
static inline void *hp_slab_take_block(struct hp_span *slab)
{
	return hp_harden_is_on() ? hp_harden_pop(slab) : hp_slab_pop(slab);
}

static inline void hp_slab_give_block(struct hp_span *slab, void *block)
{
	if (!hp_harden_is_on()) {
		hp_slab_push(slab, block);
		return;
	}
	hp_link_set_sealed(block, slab->free);
	slab->free = block;
}

/* All below: `arena` is the caller's own or claimed, and the gate is passed. */

/* Makes `slab` the one that the hit path of its class looks at; &hp_span_none for none. */
void hp_arena_set_current(struct hp_arena *arena, unsigned class, struct hp_span *slab);

/*
 * Up to which size malloc looks for a block in `current`, past HP_CLASS_SMALL_BYTES: 0 where it is
 * to miss always, and then nothing is in `small` either. Constant once a second thread is there.
 */
extern HP_HIDDEN size_t hp_arena_hit_bytes;

/* From now on malloc misses in all arenas; `arena` is the only one of a thread. */
void hp_arena_miss_always(struct hp_arena *arena);

/*
 * The current slab of the class has no block left: it is FULL until enough of it is free again.
 * hp_arena_set_current() must follow.
 */
void hp_arena_leave_current(struct hp_arena *arena, unsigned class);

/* Fills an arena that is all zero. */
void hp_arena_init(struct hp_arena *arena);

/* A block of the class when hp_arena_pop() has none; NULL if there is no memory. */
void *hp_arena_refill(struct hp_arena *arena, unsigned class);

/*
 * For an explicit arena, for which hp_arena_refill() makes none: who made a slab of the wanted
 * length, without a lock, adds it, and finds a block.
 */
bool hp_arena_wants_long_slab(const struct hp_arena *arena, unsigned class);
void hp_arena_add_slab(struct hp_arena *arena, struct hp_span *slab);

/* A fresh block of the current slab that is known to be zero, if it is worth it; else NULL. */
void *hp_arena_bump_zero(struct hp_arena *arena, unsigned class);

/* As hp_arena_refill(), zeroed; knows fresh memory and does not clear it. */
void *hp_arena_take_zeroed(struct hp_arena *arena, unsigned class);

/* Frees a block of a slab of this arena. A slab that has counted down is listed again, kept, or
 * given back. */
void hp_arena_free(struct hp_arena *arena, struct hp_span *slab, void *block);

/* Takes in sealed chains of this arena's blocks; NULL is none. */
void hp_arena_free_chains(struct hp_arena *arena, void *chains);

/*
 * FULL slabs of the class that have free blocks, too few to be listed, are listed all the same;
 * whether there were any. Looks at all FULL slabs: for where there is no memory.
 */
bool hp_arena_list_full(struct hp_arena *arena, unsigned class);

/*
 * For an explicit arena: all blocks become free at once, those in the inbox, too. Of the empty
 * slabs some are kept, as ever; or none.
 */
enum hp_empty { HP_EMPTY_KEEP, HP_EMPTY_RELEASE };
void hp_arena_empty(struct hp_arena *arena, enum hp_empty how);

/* Gives the retained empty slabs back. */
void hp_arena_release_retained(struct hp_arena *arena);

/*
 * Counts a slow path; now and then it lets the layers below look after their decay, and returns
 * true: those above may look after theirs.
 */
bool hp_arena_tick(struct hp_arena *arena);

/*
 * In the child of a fork, for an arena whose thread is gone: the lists may be those of a moment
 * in the middle of a hit path. Its slabs are not allocated from again, only emptied.
 */
void hp_arena_inherit(struct hp_arena *arena);

/* The invariants above, at any cost. */
bool hp_arena_is_valid(const struct hp_arena *arena);

#endif

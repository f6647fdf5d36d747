/* Where the blocks come from when the current slab has none: the slow path of malloc. */
#include <string.h>

#include "arena/arena.h"
#include "arena/inbox.h"
#include "arena/outbox.h"
#include "base/check.h"
#include "span/slab.h"

enum {
	HOT_SLABS = 4, /* a class with so many slabs gets longer ones */
	RING_UNITS_MAX = 64,
	ZERO_FRESH_BYTES = 1024, /* from here on a fresh block is worth looking for */
};

/* What was given back is wanted again: keep more of it next time. */
static void note_take(struct hp_arena *arena, uint32_t units)
{
	uint32_t again = units < arena->released_units ? units : arena->released_units;

	arena->released_units -= again;
	arena->ring_limit += again;
	if (arena->ring_limit > RING_UNITS_MAX)
		arena->ring_limit = RING_UNITS_MAX;
}

bool hp_arena_wants_long_slab(const struct hp_arena *arena, unsigned class)
{
	return arena->slabs_of[class] >= HOT_SLABS;
}

static void own(struct hp_arena *arena, struct hp_span *slab)
{
	slab->generation = arena->generation;
	slab->owner = arena;
	arena->slabs_of[slab->class]++;
	arena->slab_count++;
	arena->counts.slabs_taken++;
	note_take(arena, slab->units);
}

void hp_arena_add_slab(struct hp_arena *arena, struct hp_span *slab)
{
	own(arena, slab);
	hp_list_push(&arena->listed[slab->class], &slab->link);
}

/* A slab with blocks to be had, or NULL. */
static struct hp_span *unlist(struct hp_arena *arena, unsigned class)
{
	struct hp_list *list = &arena->listed[class];
	struct hp_span *slab;

	if (hp_list_is_empty(list))
		return NULL;
	slab = HP_CONTAINER(list->next, struct hp_span, link);
	hp_list_remove(&slab->link);
	return slab;
}

/*
 * None for an explicit arena: who uses it makes them, see explicit.h. Where there is no memory, the
 * few free blocks of FULL slabs are what is left.
 */
static struct hp_span *take_slab(struct hp_arena *arena, unsigned class)
{
	struct hp_span *slab;

	if (arena->is_explicit)
		return NULL;
	slab = hp_slab_take(class, hp_arena_wants_long_slab(arena, class), HP_GROUND_COMMON);
	if (slab)
		own(arena, slab);
	else if (hp_arena_list_full(arena, class))
		slab = unlist(arena, class);
	return slab;
}

/* Another slab with blocks to be had becomes current; NULL if there is no memory. */
static struct hp_span *next_slab(struct hp_arena *arena, unsigned class)
{
	struct hp_span *slab;

	hp_arena_leave_current(arena, class);
	slab = unlist(arena, class);
	if (!slab)
		slab = take_slab(arena, class);
	hp_arena_set_current(arena, class, slab ? slab : &hp_span_none);
	return slab;
}

/* What others freed comes home, what we freed of others goes. */
static void exchange_chains(struct hp_arena *arena)
{
	enum hp_arena_state state = arena == hp_mine ? HP_ARENA_OWNED : HP_ARENA_CLAIMED;
	void *chains = hp_inbox_take(arena, state);

	if (chains)
		hp_arena_free_chains(arena, chains);
	if (arena->outbox_filled)
		hp_outbox_flush(arena);
}

void *hp_arena_refill(struct hp_arena *arena, unsigned class)
{
	struct hp_span *slab;

	HP_INVARIANT(hp_arena_is_valid(arena));
	exchange_chains(arena);
	slab = arena->current[class];
	while (!slab->free && (slab == &hp_span_none || !hp_slab_carve(slab))) {
		slab = next_slab(arena, class);
		if (!slab)
			return NULL;
	}
	arena->counts.refills++;
	/* Not all of the countdown is live where the slab is retained: one too few then. */
	arena->counts.refilled_blocks += slab->carved - slab->countdown;
	return hp_slab_take_block(slab);
}

void *hp_arena_bump_zero(struct hp_arena *arena, unsigned class)
{
	struct hp_span *slab = arena->current[class];
	void *block = NULL;

	if (hp_class_bytes(class) >= ZERO_FRESH_BYTES && slab->is_zero)
		block = hp_slab_bump(slab);
	if (block)
		slab->countdown++;
	return block;
}

void *hp_arena_take_zeroed(struct hp_arena *arena, unsigned class)
{
	void *block = hp_arena_bump_zero(arena, class);

	if (block)
		return block;
	block = hp_slab_take_block(arena->current[class]);
	if (!block)
		block = hp_arena_refill(arena, class);
	return block ? memset(block, 0, hp_class_bytes(class)) : NULL;
}

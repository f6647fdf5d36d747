/*
 * See arena.h: an arena's slabs from the side of free. What a slab does when it has counted down,
 * which empty ones are kept, and what becomes of an arena that fork left without its thread.
 */
#include "arena/arena.h"

#include "arena/inbox.h"
#include "base/check.h"
#include "span/live.h"
#include "span/marks.h"
#include "span/slab.h"
#include "span/trim.h"
#include "span/units.h"

enum {
	SHRINK_UNITS = 128, /* 2 MB */
	TICK_PATHS = 8,	    /* slow paths between two looks at the clock */
	AUDIT_BYTES = 4096,
	AUDIT_ONE_IN = 64,
};

struct hp_span hp_span_none;

__extension__ struct hp_span *hp_stand_in_slabs[] = {
	[0 ... HP_STAND_IN_SLABS - 1] = &hp_span_none,
};

unsigned hp_watch;

__thread struct hp_arena *hp_self = &hp_arena_none;
__thread struct hp_arena *hp_mine = &hp_arena_none;

size_t hp_arena_hit_bytes = HP_CLASS_MAX_BYTES;

void hp_arena_miss_always(struct hp_arena *arena)
{
	hp_arena_hit_bytes = 0;
	for (size_t i = 0; hp_arena_is_real(arena) && i < HP_CLASS_STEPS; i++)
		arena->small[i] = &hp_span_none;
}

void hp_arena_set_current(struct hp_arena *arena, unsigned class, struct hp_span *slab)
{
	size_t last = HP_CLASS_STEP(hp_class_bytes(class));
	size_t steps = class < 8 ? 1 : (size_t)1 << (class / 8 - 1);

	arena->current[class] = slab;
	if (last >= HP_CLASS_STEPS)
		return;
	if (HP_UNLIKELY(!hp_arena_hit_bytes))
		slab = &hp_span_none;
	for (size_t i = 0; i < steps; i++)
		arena->small[last - i] = slab;
	if (class == 0)
		arena->small[0] = slab;
}

void hp_arena_leave_current(struct hp_arena *arena, unsigned class)
{
	struct hp_span *slab = arena->current[class];

	if (slab == &hp_span_none)
		return;
	HP_ASSERT(!slab->free && slab->carved == slab->capacity);
	slab->state = HP_SLAB_FULL;
	slab->countdown = hp_slab_relist_after(slab);
	hp_list_push(&arena->full, &slab->link);
}

static void init_lists(struct hp_arena *arena)
{
	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++) {
		hp_arena_set_current(arena, class, &hp_span_none);
		hp_list_init(&arena->listed[class]);
	}
	hp_list_init(&arena->full);
	hp_list_init(&arena->leaving);
}

void hp_arena_init(struct hp_arena *arena)
{
	init_lists(arena);
	arena->until_tick = TICK_PATHS;
}

bool hp_arena_tick(struct hp_arena *arena)
{
	uint64_t now_ms;

	if (HP_LIKELY(--arena->until_tick))
		return false;
	arena->until_tick = TICK_PATHS;
	now_ms = hp_os_now_ms();
	hp_trim_tick(now_ms);
	hp_pool_tick(now_ms);
	return true;
}

/*
 * An empty slab's list has each block once. Its blocks are rarely in the cache: looked through is a
 * slab of which little was used, as in a small program, and one in many; under hardening each, as
 * its blocks will not be looked at by who takes them again. Not what fork inherited.
 */
static bool is_to_be_audited(struct hp_arena *arena, const struct hp_span *slab)
{
	return slab->generation == arena->generation &&
	       (slab->is_hardened || slab->carved * hp_slab_block_bytes(slab) <= AUDIT_BYTES ||
		++arena->releases % AUDIT_ONE_IN == 0);
}

static void release(struct hp_arena *arena, struct hp_span *slab)
{
	if (is_to_be_audited(arena, slab))
		hp_slab_audit(slab, slab->capacity + 1);
	if (arena->current[slab->class] == slab)
		hp_arena_set_current(arena, slab->class, &hp_span_none);
	hp_list_remove(&slab->link);
	arena->slabs_of[slab->class]--;
	arena->slab_count--;
	arena->inherited -= slab->generation != arena->generation;
	arena->released_units += slab->units;
	arena->counts.slabs_given++;
	if (arena->is_explicit) /* its lock may be held: who releases that gives it back */
		hp_list_push(&arena->leaving, &slab->link);
	else
		hp_slab_give(slab);
}

/* The oldest leaves the ring; if it is still empty, it goes back. */
static void unretain_oldest(struct hp_arena *arena)
{
	struct hp_span *slab = arena->ring[arena->ring_first];

	arena->ring_first = (arena->ring_first + 1) % HP_RING_SLABS;
	arena->ring_count--;
	arena->ring_units -= slab->units;
	slab->is_retained = false;
	if (slab->state == HP_SLAB_LISTED && --slab->countdown == 0)
		release(arena, slab);
}

void hp_arena_release_retained(struct hp_arena *arena)
{
	while (arena->ring_count)
		unretain_oldest(arena);
}

/*
 * Much went back and was not taken again: the program shrinks, and what the ring keeps of it would
 * hold up a hugepage each.
 */
static void forget_swing(struct hp_arena *arena)
{
	if (arena->released_units < SHRINK_UNITS)
		return;
	arena->released_units = SHRINK_UNITS / 2;
	arena->ring_limit /= 2;
}

static void retain_or_release(struct hp_arena *arena, struct hp_span *slab)
{
	bool is_kept;

	forget_swing(arena);
	is_kept = slab->units <= arena->ring_limit && slab->generation == arena->generation &&
		  !hp_trim_is_tight();
	while (arena->ring_count && (arena->ring_count == HP_RING_SLABS ||
				     arena->ring_units + is_kept * slab->units > arena->ring_limit))
		unretain_oldest(arena);
	if (!is_kept) {
		release(arena, slab);
		return;
	}
	arena->ring[(arena->ring_first + arena->ring_count) % HP_RING_SLABS] = slab;
	arena->ring_count++;
	arena->ring_units += slab->units;
	slab->is_retained = true;
	slab->countdown = 1;
}

/* A slab has blocks again: current if the current one has none, so that malloc need not look. */
static void list(struct hp_arena *arena, struct hp_span *slab)
{
	const struct hp_span *current = arena->current[slab->class];

	if (current->free || current->carved < current->capacity) {
		hp_list_push(&arena->listed[slab->class], &slab->link);
		return;
	}
	hp_arena_leave_current(arena, slab->class);
	hp_arena_set_current(arena, slab->class, slab);
}

/* A slab that had `live` blocks has counted down, or is about to: see span.h. */
static void settle(struct hp_arena *arena, struct hp_span *slab, uint32_t live)
{
	slab->countdown = live + slab->is_retained;
	if (slab->state == HP_SLAB_FULL) {
		slab->state = HP_SLAB_LISTED;
		hp_list_remove(&slab->link);
		if (slab->generation == arena->generation)
			list(arena, slab);
	}
	if (slab->countdown == 0)
		retain_or_release(arena, slab);
}

void hp_arena_free(struct hp_arena *arena, struct hp_span *slab, void *block)
{
	uint32_t live = hp_slab_live(slab);
	bool is_due = hp_slab_count_down(slab);

	HP_ASSERT(slab->owner == arena);
	HP_CHECK(live, "double free of %p (%zu-byte block)", block, hp_slab_block_bytes(slab));
	hp_slab_give_block(slab, block);
	if (is_due)
		settle(arena, slab, live - 1);
}

bool hp_arena_list_full(struct hp_arena *arena, unsigned class)
{
	struct hp_list *next;
	bool any = false;

	for (struct hp_list *link = arena->full.next; link != &arena->full; link = next) {
		struct hp_span *slab = HP_CONTAINER(link, struct hp_span, link);

		next = link->next;
		if (slab->class != class || !slab->free || slab->generation != arena->generation)
			continue;
		slab->countdown = hp_slab_live(slab) + slab->is_retained;
		slab->state = HP_SLAB_LISTED;
		hp_list_remove(link);
		hp_list_push(&arena->listed[class], link);
		any = true;
	}
	return any;
}

/* Forgets which slabs are retained. */
static void forget_ring(struct hp_arena *arena)
{
	for (; arena->ring_count; arena->ring_count--) {
		arena->ring[arena->ring_first]->is_retained = false;
		arena->ring_first = (arena->ring_first + 1) % HP_RING_SLABS;
	}
	arena->ring_units = 0;
}

static void empty_slab(struct hp_arena *arena, struct hp_span *slab, enum hp_empty how)
{
	hp_list_remove(&slab->link);
	hp_slab_rewind(slab);
	hp_list_push(&arena->listed[slab->class], &slab->link);
	if (how == HP_EMPTY_KEEP)
		retain_or_release(arena, slab);
	else
		release(arena, slab);
}

void hp_arena_empty(struct hp_arena *arena, enum hp_empty how)
{
	struct hp_list all;

	/* What lies there is in slabs that are emptied. */
	hp_inbox_take(arena, HP_ARENA_CLAIMED);
	forget_ring(arena);
	hp_list_init(&all);
	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++) {
		if (arena->current[class] != &hp_span_none)
			hp_list_push(&all, &arena->current[class]->link);
		hp_arena_set_current(arena, class, &hp_span_none);
		hp_list_splice(&all, &arena->listed[class]);
	}
	hp_list_splice(&all, &arena->full);
	while (!hp_list_is_empty(&all))
		empty_slab(arena, HP_CONTAINER(all.next, struct hp_span, link), how);
}

/*
 * Under hardening a chain is walked: each of its blocks was live until now, though another thread
 * has filled it with junk already. Nothing that was written to it can lead elsewhere.
 */
static void check_chain(const struct hp_span *slab, const struct hp_chain *chain)
{
	void *block = chain->first, *last = NULL;

	for (uint32_t i = 0; i < chain->count; i++, last = block, block = hp_link_next(last)) {
		HP_CHECK(hp_slab_has_block(slab, block), "%p was written to after it was freed",
			 last);
		HP_CHECK(hp_live_clear(slab, block), "double free of %p (%zu-byte block)", block,
			 hp_slab_block_bytes(slab) - HP_TAIL_BYTES);
		if (i < 2)
			hp_marks_arrived(block);
	}
	HP_CHECK(last == chain->last && !block, "%p was written to after it was freed", last);
}

/* All blocks of a chain become free at once. */
static void free_chain(struct hp_arena *arena, struct hp_span *slab, const struct hp_chain *chain)
{
	uint32_t live = hp_slab_live(slab);

	if (HP_UNLIKELY(slab->is_hardened))
		check_chain(slab, chain);
	HP_CHECK(chain->count <= live, "double free of %p (%zu-byte block), or of one beside it",
		 chain->first, hp_slab_block_bytes(slab));
	hp_link_set(chain->last, slab->free);
	atomic_signal_fence(memory_order_seq_cst); /* as in hp_slab_push() */
	slab->free = chain->first;
	if (slab->countdown > chain->count)
		slab->countdown -= chain->count;
	else
		settle(arena, slab, live - chain->count);
}

void hp_arena_free_chains(struct hp_arena *arena, void *chains)
{
	while (chains) {
		struct hp_span *slab = hp_span_find(chains);
		struct hp_chain chain = { 0 };
		void *next = NULL;

		if (slab && slab->owner == arena)
			chain = hp_chain_read(slab, chains, &next);
		HP_CHECK(chain.count, "%p was written to after it was freed", chains);
		arena->counts.in_flight[slab->class] -= chain.count;
		free_chain(arena, slab, &chain);
		chains = next;
	}
}

/*
 * Its thread may have been between the two halves of a free: the slab's last live block is counted,
 * and nobody comes for the rest. A full slab that has counted down so is listed by the next chain.
 */
static void inherit_listed(struct hp_arena *arena, struct hp_span *slab)
{
	if (slab == &hp_span_none)
		return;
	hp_list_remove(&slab->link);
	if (slab->countdown == 0)
		release(arena, slab);
}

/*
 * The ring and the lists are emptied: what they name may be in the middle of a hit path. Slabs
 * of the old generation are then found by the frees of their live blocks alone.
 */
void hp_arena_inherit(struct hp_arena *arena)
{
	arena->generation++;
	arena->inherited = arena->slab_count;
	hp_arena_release_retained(arena);
	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++) {
		struct hp_list *list = &arena->listed[class];
		struct hp_span *current = arena->current[class];

		hp_arena_set_current(arena, class, &hp_span_none);
		inherit_listed(arena, current);
		while (!hp_list_is_empty(list))
			inherit_listed(arena, HP_CONTAINER(list->next, struct hp_span, link));
	}
	atomic_store_explicit(&arena->busy, false, memory_order_relaxed);
}

bool hp_arena_is_valid(const struct hp_arena *arena)
{
	uint32_t slabs = 0;

	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++) {
		const struct hp_span *slab = arena->current[class];

		if (slab != &hp_span_none && (slab->owner != arena || !hp_slab_is_valid(slab)))
			return false;
		slabs += arena->slabs_of[class];
	}
	return slabs == arena->slab_count;
}

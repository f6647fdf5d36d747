/* See explicit.h: its blocks, of slabs and large ones. */
#include <string.h>

#include "arena/held.h"
#include "arena/inbox.h"
#include "base/check.h"
#include "span/large.h"
#include "span/live.h"
#include "span/marks.h"

static struct hp_span *make_slab(struct hp_explicit *explicit, unsigned class, bool is_long)
{
	size_t bytes = hp_class_units(class, is_long) * HP_UNIT_BYTES;
	struct hp_span *slab;

	if (is_long && !hp_held_try_add(explicit, bytes))
		return make_slab(explicit, class, false);
	if (!is_long && !hp_held_add(explicit, bytes))
		return NULL;
	slab = hp_slab_take(class, is_long, (enum hp_ground) explicit->arena.ground);
	if (slab)
		slab->is_explicit = true;
	else
		hp_held_remove(explicit, bytes);
	return slab;
}

static void *take_at_hand(struct hp_arena *arena, unsigned class, bool zero)
{
	void *block = NULL;

	/* Under hardening each block is made live as it leaves the list. */
	if (zero && !hp_harden_is_on())
		block = hp_arena_bump_zero(arena, class);
	if (block)
		return block;
	block = hp_slab_take_block(arena->current[class]);
	if (!block)
		block = hp_arena_refill(arena, class);
	if (block && zero)
		memset(block, 0, hp_class_bytes(class));
	return block;
}

void *hp_explicit_take(struct hp_explicit *explicit, unsigned class, bool zero)
{
	struct hp_arena *arena = &explicit->arena;
	struct hp_span *slab;
	bool is_long;
	void *block;

	hp_explicit_begin(explicit);
	block = take_at_hand(arena, class, zero);
	is_long = hp_arena_wants_long_slab(arena, class);
	hp_explicit_finish(explicit);
	if (HP_LIKELY(block))
		return block;
	slab = make_slab(explicit, class, is_long);
	hp_explicit_begin(explicit);
	if (slab)
		hp_arena_add_slab(arena, slab);
	if (slab || hp_arena_list_full(arena, class))
		block = take_at_hand(arena, class, zero);
	hp_explicit_finish(explicit);
	if (HP_UNLIKELY(!block))
		hp_held_note_failure(explicit, hp_class_units(class, false) * HP_UNIT_BYTES);
	return block;
}

/* Under hardening. What is free needs no wait: it would outlive a reset. */
static void retire(const struct hp_span *slab, void *block)
{
	size_t have = hp_slab_block_bytes(slab), bytes;

	HP_CHECK(hp_live_clear(slab, block), "double free of %p (%zu-byte block)", block,
		 have - HP_TAIL_BYTES);
	HP_CHECK(hp_marks_look(block, have, &bytes) == HP_MARKS_LIVE,
		 "free of %p, which was written to beyond its end", block);
	hp_marks_junk(block, have);
}

void hp_explicit_give(struct hp_explicit *explicit, struct hp_span *slab, void *block,
		      uint32_t number)
{
	hp_explicit_begin(explicit);
	HP_CHECK(number < slab->carved,
		 "free of %p, which was freed by a reset of its arena, or never handed out", block);
	if (HP_UNLIKELY(slab->is_hardened))
		retire(slab, block);
	HP_CHECK(slab->free != block, "double free of %p (%zu-byte block)", block,
		 hp_slab_block_bytes(slab));
	hp_arena_free(&explicit->arena, slab, block);
	hp_explicit_finish(explicit);
}

/* Nobody acts on the state that the push finds: it is the user's for good. */
void hp_explicit_hand_over(struct hp_span *slab, void *block)
{
	struct hp_chain chain = hp_chain_of_one(slab, block);

	hp_chain_seal(&chain, NULL);
	hp_inbox_push(slab->owner, block, block);
}

static void put_large(struct hp_explicit *explicit, struct hp_span *large)
{
	large->owner = &explicit->arena;
	large->is_explicit = true;
	hp_lock_acquire(&explicit->lock);
	hp_list_push(&explicit->large, &large->link);
	hp_lock_release(&explicit->lock);
}

static bool take_off(struct hp_explicit *explicit, struct hp_span *large)
{
	bool is_on;

	hp_lock_acquire(&explicit->lock);
	is_on = large->owner == &explicit->arena && !hp_list_is_empty(&large->link);
	if (is_on)
		hp_list_remove(&large->link);
	hp_lock_release(&explicit->lock);
	return is_on;
}

struct hp_span *hp_explicit_take_large(struct hp_explicit *explicit, size_t bytes,
				       size_t align_bytes, bool zero)
{
	size_t held = hp_large_bytes_for(bytes);
	struct hp_span *large;

	if (!hp_held_add(explicit, held)) {
		hp_held_note_failure(explicit, held);
		return NULL;
	}
	large = hp_large_take(bytes, align_bytes, zero, (enum hp_ground) explicit->arena.ground);
	if (large)
		put_large(explicit, large);
	else
		hp_held_remove(explicit, held);
	return large;
}

void hp_explicit_drop_large(struct hp_explicit *explicit, struct hp_span *large)
{
	size_t bytes = hp_large_bytes(large);

	hp_large_give(large);
	hp_held_remove(explicit, bytes);
}

bool hp_explicit_give_large(struct hp_explicit *explicit, struct hp_span *large)
{
	if (!take_off(explicit, large))
		return false;
	hp_explicit_drop_large(explicit, large);
	return true;
}

/* Meanwhile it is on no list: statistics do not see it half changed. */
struct hp_span *hp_explicit_resize_large(struct hp_explicit *explicit, struct hp_span *large,
					 size_t bytes)
{
	size_t before = hp_large_bytes(large), after = hp_large_bytes_for(bytes);
	struct hp_span *moved = large;

	if (after > before && !hp_held_add(explicit, after - before))
		return NULL; /* the copy that comes next counts as refused */
	HP_CHECK(take_off(explicit, large), "realloc of %p, which is free",
		 (void *)hp_span_start(large));
	if (!hp_large_resize(large, bytes))
		moved = after > before ? hp_large_move(large, bytes) : NULL;
	put_large(explicit, moved ? moved : large);
	if (!moved && after > before)
		hp_held_remove(explicit, after - before);
	else if (moved && after < before)
		hp_held_remove(explicit, before - after);
	return moved;
}

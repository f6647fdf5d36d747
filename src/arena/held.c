/* See held.h. */
#include "arena/held.h"

#include "base/check.h"

static void note_peak(struct hp_explicit *explicit, size_t held)
{
	size_t peak = atomic_load_explicit(&explicit->peak_bytes, memory_order_relaxed);

	while (held > peak &&
	       !atomic_compare_exchange_weak_explicit(&explicit->peak_bytes, &peak, held,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

bool hp_held_try_add(struct hp_explicit *explicit, size_t bytes)
{
	size_t held = atomic_load_explicit(&explicit->held_bytes, memory_order_relaxed);

	do
		if (bytes > explicit->limit_bytes || held > explicit->limit_bytes - bytes)
			return false;
	while (!atomic_compare_exchange_weak_explicit(&explicit->held_bytes, &held, held + bytes,
						      memory_order_relaxed, memory_order_relaxed));
	note_peak(explicit, held + bytes);
	return true;
}

void hp_held_remove(struct hp_explicit *explicit, size_t bytes)
{
	atomic_fetch_sub_explicit(&explicit->held_bytes, bytes, memory_order_relaxed);
}

bool hp_held_add(struct hp_explicit *explicit, size_t bytes)
{
	if (HP_LIKELY(hp_held_try_add(explicit, bytes)))
		return true;
	return hp_explicit_release(explicit) && hp_held_try_add(explicit, bytes);
}

static bool has_room(const struct hp_explicit *explicit, size_t bytes)
{
	size_t held = atomic_load_explicit(&explicit->held_bytes, memory_order_relaxed);

	return bytes <= explicit->limit_bytes && held <= explicit->limit_bytes - bytes;
}

void hp_held_note_failure(struct hp_explicit *explicit, size_t bytes)
{
	if (!has_room(explicit, bytes))
		atomic_fetch_add_explicit(&explicit->refused, 1, memory_order_relaxed);
}

void hp_explicit_begin(struct hp_explicit *explicit)
{
	if (hp_explicit_is_shared(explicit))
		hp_lock_acquire(&explicit->lock);
}

void hp_explicit_detach(struct hp_explicit *explicit, struct hp_list *slabs)
{
	struct hp_list *leaving = &explicit->arena.leaving;

	for (struct hp_list *link = leaving->next; link != leaving; link = link->next)
		hp_held_remove(explicit,
			       HP_CONTAINER(link, struct hp_span, link)->units * HP_UNIT_BYTES);
	hp_list_splice(slabs, leaving);
}

void hp_explicit_give_slabs(struct hp_list *slabs)
{
	while (!hp_list_is_empty(slabs)) {
		struct hp_span *slab = HP_CONTAINER(slabs->next, struct hp_span, link);

		hp_list_remove(&slab->link);
		hp_slab_give(slab);
	}
}

bool hp_explicit_finish(struct hp_explicit *explicit)
{
	bool any = !hp_list_is_empty(&explicit->arena.leaving);
	struct hp_list slabs;

	if (HP_UNLIKELY(any)) {
		hp_list_init(&slabs);
		hp_explicit_detach(explicit, &slabs);
	}
	if (hp_explicit_is_shared(explicit))
		hp_lock_release(&explicit->lock);
	if (HP_UNLIKELY(any))
		hp_explicit_give_slabs(&slabs);
	return any;
}

bool hp_explicit_release(struct hp_explicit *explicit)
{
	hp_explicit_begin(explicit);
	hp_arena_release_retained(&explicit->arena);
	return hp_explicit_finish(explicit);
}

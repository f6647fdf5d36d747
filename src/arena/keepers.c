/* See keepers.h. */
#include "arena/keepers.h"

#include "os/os.h"
#include "rt/options.h"
#include "span/trim.h"

enum { PLACES = 4 };

static struct {
	_Atomic unsigned count;	    /* of places taken, those who come too late for a moment */
	_Atomic uint64_t looked_ms; /* when was last looked for those that are due */
} keepers;

unsigned hp_keepers_count(void)
{
	return atomic_load_explicit(&keepers.count, memory_order_relaxed);
}

/* Counted before it is one, and taken back: looked at first, two could have the last place. */
static bool try_take_place(void)
{
	if (atomic_fetch_add_explicit(&keepers.count, 1, memory_order_relaxed) < PLACES)
		return true;
	atomic_fetch_sub_explicit(&keepers.count, 1, memory_order_relaxed);
	return false;
}

void hp_keepers_try_add(struct hp_arena *arena)
{
	if (!arena->ring_count || hp_trim_is_tight() || !try_take_place())
		return;
	atomic_store_explicit(&arena->kept_ms, hp_os_now_ms(), memory_order_relaxed);
	atomic_store_explicit(&arena->is_keeper, true, memory_order_relaxed);
}

void hp_keepers_remove(struct hp_arena *arena)
{
	if (!hp_keepers_has(arena))
		return;
	atomic_store_explicit(&arena->is_keeper, false, memory_order_relaxed);
	atomic_fetch_sub_explicit(&keepers.count, 1, memory_order_relaxed);
}

/* Two threads may both look, which does no harm. Nothing is kept for more than two decays. */
bool hp_keepers_try_look(uint64_t *out_now_ms)
{
	uint64_t looked_ms;

	if (HP_LIKELY(!hp_keepers_count()))
		return false;
	looked_ms = atomic_load_explicit(&keepers.looked_ms, memory_order_relaxed);
	*out_now_ms = hp_os_now_ms();
	if (*out_now_ms < looked_ms + HP_RELAXED_LOAD(hp_options.decay_ms))
		return false;
	atomic_store_explicit(&keepers.looked_ms, *out_now_ms, memory_order_relaxed);
	return true;
}

/* Of the moments of two keepings, the one that belongs to the other makes it due early: no harm. */
bool hp_keepers_is_due(const struct hp_arena *arena, uint64_t now_ms)
{
	uint64_t kept_ms = atomic_load_explicit(&arena->kept_ms, memory_order_relaxed);

	return hp_keepers_has(arena) && now_ms >= kept_ms + HP_RELAXED_LOAD(hp_options.decay_ms);
}

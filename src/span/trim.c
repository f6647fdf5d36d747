/* See trim.h. The system calls happen without the lock, on units that nobody else can take. */
#include "span/trim.h"

#include "base/bits.h"
#include "base/probe.h"
#include "rt/options.h"
#include "span/dirty.h"
#include "span/occupancy.h"
#include "span/shelf.h"

/* Purges units of one slot that are taken off its free ones meanwhile; whether any went. */
static bool purge(struct hp_slot *slot, hp_bitmap bits)
{
	struct hp_run run = hp_run_of(slot);
	char *address = hp_region_address(run.region, run.first);
	hp_bitmap purged = 0;
	bool is_empty;

	for (hp_bitmap rest = bits; rest;) {
		unsigned first = hp_bitmap_lowest(rest), count = hp_bitmap_run_at(rest, first);

		if (!hp_os_purge(address + first * HP_UNIT_BYTES, count * HP_UNIT_BYTES)) {
			HP_PROBE2(purge, address + first * HP_UNIT_BYTES, count * HP_UNIT_BYTES);
			purged |= hp_bitmap_run(first, count);
		}
		rest &= ~hp_bitmap_run(first, count);
	}
	hp_units_lock();
	hp_slot_vacate(slot, purged, HP_GIVE_BLANK);
	is_empty = hp_slot_vacate(slot, bits & ~purged, HP_GIVE_IDLE);
	hp_units_unlock();
	hp_pool_count_purged(hp_bitmap_count(purged) * HP_UNIT_BYTES);
	if (is_empty)
		hp_pool_give(run, slot->touched ? HP_GIVE_IDLE : HP_GIVE_BLANK);
	return purged != 0;
}

/* Called with the lock held, which it releases; NULL as slot is none. Whether there was one. */
static bool purge_and_unlock(struct hp_slot *slot)
{
	hp_bitmap bits = 0;

	if (slot) {
		bits = slot->free & slot->touched;
		slot->free &= ~bits;
		hp_shelf_update(slot);
	}
	hp_units_unlock();
	return bits ? purge(slot, bits) : slot != NULL;
}

static bool purge_oldest(uint64_t since_ms)
{
	hp_units_lock();
	return purge_and_unlock(hp_dirty_take(since_ms));
}

void hp_trim_over_bound(void)
{
	hp_units_lock();
	purge_and_unlock(hp_dirty_take_over_bound());
}

void hp_trim_tick(uint64_t now_ms)
{
	unsigned decay_ms = HP_RELAXED_LOAD(hp_options.decay_ms);
	uint64_t since_ms = now_ms - decay_ms;

	if (now_ms >= decay_ms && hp_dirty_peek() <= since_ms)
		purge_oldest(since_ms);
}

bool hp_trim_all(void)
{
	bool any = false;

	while (purge_oldest(UINT64_MAX))
		any = true;
	return any;
}

void hp_trim_if_tight(size_t more_bytes)
{
	if (hp_limit_is_tight(more_bytes))
		hp_trim_all();
}

bool hp_trim_is_tight(void)
{
	return hp_limit_is_tight(0);
}

/* See occupancy.h. */
#include "span/occupancy.h"

#include "base/bits.h"
#include "base/check.h"
#include "base/lock.h"
#include "span/dirty.h"
#include "span/shelf.h"

static struct hp_lock lock = HP_LOCK_INIT(HP_RANK_UNITS);

void hp_units_lock(void)
{
	hp_lock_acquire(&lock);
}

void hp_units_unlock(void)
{
	hp_lock_release(&lock);
}

void hp_units_reset(void)
{
	hp_lock_reset(&lock);
}

void hp_slot_begin(struct hp_slot *slot)
{
	slot->free = HP_BITMAP_FULL;
	slot->longest = 0;
	slot->is_warm = slot->is_pinned = slot->is_trimmed = false;
	hp_list_init(&slot->dirty);
}

struct hp_slot *hp_units_first_piece(struct hp_units run, hp_bitmap *out_bits, size_t *out_count)
{
	unsigned first = (unsigned)(run.first % HP_SLOT_UNITS);

	*out_count = hp_min(run.count, HP_SLOT_UNITS - first);
	*out_bits = hp_bitmap_run(first, (unsigned)*out_count);
	return &run.region->slots[run.first / HP_SLOT_UNITS];
}

bool hp_slot_occupy(struct hp_slot *slot, hp_bitmap bits, hp_bitmap *out_stale)
{
	hp_bitmap stale = slot->touched & bits;

	HP_ASSERT((slot->free & bits) == bits);
	if (slot->mapping == HP_MAPPING_BASE && stale != bits &&
	    !hp_pool_count_base_units((long)hp_bitmap_count(bits & ~stale)))
		return false;
	slot->free &= ~bits;
	slot->touched |= bits;
	if (slot->is_trimmed && stale != bits)
		hp_dirty_note_use(slot);
	hp_shelf_update(slot);
	*out_stale = stale;
	return true;
}

bool hp_slot_vacate(struct hp_slot *slot, hp_bitmap bits, enum hp_give how)
{
	HP_ASSERT(!(slot->free & bits));
	slot->free |= bits;
	if (how == HP_GIVE_BLANK) {
		if (slot->mapping == HP_MAPPING_BASE)
			hp_pool_count_base_units(-(long)hp_bitmap_count(slot->touched & bits));
		slot->touched &= ~bits;
	}
	if (slot->free != HP_BITMAP_FULL || slot->is_pinned) {
		hp_shelf_update(slot);
		hp_dirty_note(slot);
		return false;
	}
	hp_shelf_remove(slot);
	hp_dirty_remove(slot);
	slot->is_warm = false;
	return true;
}

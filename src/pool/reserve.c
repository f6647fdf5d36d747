/* See reserve.h. */
#include "pool/reserve.h"

#include "pool/idle.h"
#include "pool/pool.h"

/* Normal memory is lazy: its pages are had now, where base pages count as used. */
static bool populate(struct hp_run run)
{
	struct hp_slot *slot = hp_run_slots(run);
	unsigned untouched = HP_SLOT_UNITS - hp_bitmap_count(slot->touched);

	if (slot->mapping == HP_MAPPING_HUGE)
		return true;
	if (slot->mapping == HP_MAPPING_BASE) {
		if (!hp_pool_count_base_units((long)untouched))
			return false;
		slot->touched = HP_BITMAP_FULL;
	}
	return !hp_os_populate(hp_run_address(run), HP_HUGEPAGE_BYTES);
}

/* A slot with all its memory, and nobody's; false if there is none, or no more is to be had. */
static bool take(struct hp_run *out_run)
{
	struct hp_pool_request request = { .slots = 1, .align_slots = 1, .use = HP_USE_SPANS };

	if (hp_limit_is_tight(HP_HUGEPAGE_BYTES) || hp_pool_take(&request, out_run))
		return false;
	if (populate(*out_run))
		return true;
	hp_pool_give(*out_run, HP_GIVE_IDLE);
	return false;
}

static void set(size_t slots)
{
	hp_pool_lock();
	hp_idle_set_reserve(slots);
	hp_pool_unlock();
}

/* All are taken before the first is given: what idles already counts, and is taken once. */
size_t hp_reserve(size_t slots)
{
	struct hp_list taken;
	struct hp_run run;
	size_t ready = 0;

	hp_list_init(&taken);
	for (; ready < slots && take(&run); ready++)
		hp_list_push(&taken, &hp_run_slots(run)->link);
	set(ready);
	while (!hp_list_is_empty(&taken)) {
		struct hp_slot *slot = HP_CONTAINER(taken.next, struct hp_slot, link);

		hp_list_remove(&slot->link);
		hp_pool_give(hp_run_of(slot), HP_GIVE_IDLE);
	}
	return ready;
}

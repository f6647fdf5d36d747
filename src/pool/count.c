/* What other layers do to memory that they hold, counted under the pool lock: see pool.h. */
#include "pool/account.h"
#include "pool/edges.h"
#include "pool/pool.h"

bool hp_pool_count_base_units(long units)
{
	bool is_counted;

	hp_pool_lock();
	is_counted = hp_account_base_units(units);
	hp_pool_unlock();
	return is_counted;
}

void hp_pool_count_purged(size_t bytes)
{
	hp_pool_lock();
	hp_account_purged(bytes);
	hp_pool_unlock();
}

void hp_pool_count_copied(size_t bytes)
{
	hp_pool_lock();
	hp_account_copied(bytes);
	hp_pool_unlock();
}

void hp_pool_count_remapped(struct hp_run run, enum hp_mapping mapping)
{
	hp_pool_lock();
	hp_account_remapped(run, mapping);
	hp_pool_unlock();
}

bool hp_pool_count_moving(const struct hp_slot *from, struct hp_slot *to, unsigned first,
			  unsigned count)
{
	bool is_allowed;

	hp_pool_lock();
	is_allowed = hp_edges_move(from, to, first, count);
	hp_pool_unlock();
	return is_allowed;
}

bool hp_pool_count_collapsing(const struct hp_slot *slot)
{
	size_t missing = HP_SLOT_UNITS - hp_bitmap_count(slot->touched);
	bool is_allowed;

	if (!hp_backing_may_collapse())
		return false;
	hp_pool_lock();
	is_allowed = hp_limit_has_units(missing);
	if (is_allowed)
		hp_account_remapped(hp_run_of(slot), HP_MAPPING_THP);
	hp_pool_unlock();
	return is_allowed;
}

void hp_pool_settle(void)
{
	hp_pool_lock();
	hp_account_settle();
	hp_pool_unlock();
}

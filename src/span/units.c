/* See units.h. Which slots there are is the pool's business, under its own lock. */
#include "span/units.h"

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "rt/options.h"
#include "span/dirty.h"
#include "span/occupancy.h"
#include "span/shelf.h"
#include "span/trim.h"

static struct {
	bool has_started;     /* the first slot was taken */
	struct hp_slot *warm; /* the slot of the warm-up, or NULL */
} units;

static struct hp_units units_in(struct hp_run slot, unsigned first, size_t count)
{
	return (struct hp_units){ slot.region, slot.first * HP_SLOT_UNITS + first, count };
}

static struct hp_run slots_of(struct hp_units run)
{
	size_t first = run.first / HP_SLOT_UNITS;
	size_t end = (run.first + run.count + HP_SLOT_UNITS - 1) / HP_SLOT_UNITS;

	return (struct hp_run){ run.region, first, end - first };
}

static void clear(char *slot_address, hp_bitmap stale)
{
	while (stale) {
		unsigned first = hp_bitmap_lowest(stale);
		unsigned count = hp_bitmap_run_at(stale, first);

		memset(slot_address + first * HP_UNIT_BYTES, 0, count * HP_UNIT_BYTES);
		stale &= ~hp_bitmap_run(first, count);
	}
}

/* The first slot of all is the warm-up's, unless the option or the ground says otherwise. */
static enum hp_use use_of_slot(const struct hp_units_request *request)
{
	enum hp_use use = request->use;

	if (request->ground != HP_GROUND_COMMON)
		return use;
	hp_units_lock();
	if (!units.has_started && hp_options.warmup && use == HP_USE_SPANS)
		use = HP_USE_WARMUP;
	units.has_started = true;
	hp_units_unlock();
	return use;
}

/*
 * Under the lock: the warm-up is over when its part is used, or when a second slot is needed. Then
 * its slot, pinned, is for end_warmup() to collapse; else NULL.
 */
static struct hp_slot *leave_warmup(bool at_once)
{
	struct hp_slot *slot = units.warm;

	if (!slot || !slot->is_warm)
		return NULL;
	if (!at_once && hp_bitmap_count(slot->touched) <= hp_options.warmup / HP_UNIT_BYTES)
		return NULL;
	slot->is_warm = false;
	slot->is_pinned = true;
	return slot;
}

static void end_warmup(struct hp_slot *slot)
{
	struct hp_run warm;
	bool is_allowed, is_huge, is_empty;

	if (!slot)
		return;
	warm = hp_run_of(slot);
	hp_units_lock();
	is_allowed = hp_pool_count_collapsing(slot);
	hp_units_unlock();
	is_huge = is_allowed && hp_pool_collapse(warm);
	hp_units_lock();
	if (is_allowed && !is_huge)
		hp_pool_count_remapped(warm, HP_MAPPING_BASE);
	slot->is_pinned = false;
	is_empty = hp_slot_vacate(slot, 0, HP_GIVE_IDLE);
	hp_units_unlock();
	if (is_empty)
		hp_pool_give(warm, HP_GIVE_IDLE);
}

/* Under the lock: also where it ran empty and comes back with its base pages. */
static void note_warm(struct hp_slot *slot)
{
	slot->is_warm = slot->mapping == HP_MAPPING_BASE && slot->ground == HP_GROUND_COMMON;
	if (slot->is_warm)
		units.warm = slot;
}

/* Takes a fresh slot into use for one request inside it; other units of it are free to all. */
static int take_slot(const struct hp_units_request *request, struct hp_units *out_units,
		     hp_bitmap *out_stale)
{
	struct hp_pool_request slot = { .slots = 1, .align_slots = 1, .ground = request->ground };
	struct hp_slot *fresh, *warm = NULL;
	struct hp_run run;
	bool is_had;
	int error;

	hp_trim_if_tight(HP_HUGEPAGE_BYTES);
	slot.use = use_of_slot(request);
	error = hp_pool_take(&slot, &run);
	if (error)
		return error;
	fresh = hp_run_slots(run);
	hp_units_lock();
	hp_slot_begin(fresh);
	is_had = hp_slot_occupy(fresh, hp_bitmap_run(0, (unsigned)request->units), out_stale);
	if (request->ground == HP_GROUND_COMMON)
		warm = leave_warmup(true);
	if (is_had)
		note_warm(fresh);
	hp_units_unlock();
	end_warmup(warm);
	if (!is_had) {
		hp_pool_give(run, HP_GIVE_IDLE);
		return -ENOMEM;
	}
	*out_units = units_in(run, 0, request->units);
	return 0;
}

static int take_inside(const struct hp_units_request *request, struct hp_units *out_units,
		       bool *out_zero)
{
	size_t align = hp_max(request->align_bytes / HP_UNIT_BYTES, 1);
	struct hp_slot *slot, *warm = NULL;
	hp_bitmap stale = 0;
	unsigned first;
	bool found;
	int error = 0;

	hp_units_lock();
	found = hp_shelf_find((unsigned)request->units, (unsigned)align, request->ground, &slot,
			      &first);
	if (found) {
		if (!hp_slot_occupy(slot, hp_bitmap_run(first, (unsigned)request->units), &stale))
			error = -ENOMEM;
		*out_units = units_in(hp_run_of(slot), first, request->units);
		warm = leave_warmup(false);
	}
	hp_units_unlock();
	end_warmup(warm);
	if (!found)
		error = take_slot(request, out_units, &stale);
	if (error)
		return error;
	if (request->zero)
		clear(hp_region_address(out_units->region, out_units->first / HP_SLOT_UNITS),
		      stale);
	*out_zero = request->zero || !stale;
	return 0;
}

/*
 * Fresh slots: what the run leaves of the first and the last one is free to all. -ENOMEM where a
 * limit forbids their base pages; then all slots are given back.
 */
static int settle_slots(struct hp_units run, bool zero, bool *out_zero)
{
	struct hp_units had = { run.region, run.first, 0 };

	*out_zero = true;
	while (run.count) {
		size_t index = run.first / HP_SLOT_UNITS, count;
		hp_bitmap bits, stale;
		struct hp_slot *slot = hp_units_first_piece(run, &bits, &count);
		bool is_had;

		hp_units_lock();
		hp_slot_begin(slot);
		is_had = hp_slot_occupy(slot, bits, &stale);
		hp_units_unlock();
		if (!is_had) {
			hp_units_give(had, HP_GIVE_IDLE);
			hp_pool_give(slots_of(run), HP_GIVE_IDLE);
			return -ENOMEM;
		}
		had.count += count;
		if (zero)
			clear(hp_region_address(run.region, index), stale);
		else if (stale)
			*out_zero = false;
		run.first += count;
		run.count -= count;
	}
	return 0;
}

static int take_across(const struct hp_units_request *request, struct hp_units *out_units,
		       bool *out_zero)
{
	size_t all = request->offset_units + request->units;
	struct hp_pool_request slots = {
		.slots = (all + HP_SLOT_UNITS - 1) / HP_SLOT_UNITS,
		.align_slots = hp_max(request->align_bytes / HP_HUGEPAGE_BYTES, 1),
		.normal_slots = 0,
		.use = request->use,
		.ground = request->ground,
	};
	struct hp_run run;
	int error;

	if (request->normal_units)
		slots.normal_slots =
			(request->offset_units + request->normal_units) / HP_SLOT_UNITS;
	hp_trim_if_tight(slots.slots * HP_HUGEPAGE_BYTES);
	error = hp_pool_take(&slots, &run);
	if (error)
		return error;
	*out_units = units_in(run, (unsigned)request->offset_units, request->units);
	return settle_slots(*out_units, request->zero, out_zero);
}

int hp_units_take(const struct hp_units_request *request, struct hp_units *out_units,
		  bool *out_zero)
{
	if (request->units <= HP_SLOT_UNITS && request->align_bytes <= HP_HUGEPAGE_BYTES &&
	    !request->normal_units && request->use != HP_USE_LAZY)
		return take_inside(request, out_units, out_zero);
	return take_across(request, out_units, out_zero);
}

/* Claims free units at the end of the run's last slot; how many, or 0 if one is taken. */
static size_t extend_inside(struct hp_units behind)
{
	hp_bitmap bits, stale;
	size_t count;
	struct hp_slot *slot = hp_units_first_piece(behind, &bits, &count);

	hp_units_lock();
	if (slot->state != HP_SLOT_USED || (slot->free & bits) != bits ||
	    !hp_slot_occupy(slot, bits, &stale))
		count = 0;
	hp_units_unlock();
	return count;
}

int hp_units_extend(struct hp_units run, size_t more, enum hp_use use)
{
	struct hp_units behind = { run.region, run.first + run.count, more };
	size_t inside = 0;
	bool zero;
	int error;

	if (behind.first % HP_SLOT_UNITS) {
		inside = extend_inside(behind);
		if (!inside)
			return -EBUSY;
		behind.first += inside;
		behind.count -= inside;
	}
	if (!behind.count)
		return 0;
	error = hp_pool_take_at(slots_of(behind), use);
	if (!error)
		error = settle_slots(behind, false, &zero);
	if (error && inside)
		hp_units_give((struct hp_units){ run.region, run.first + run.count, inside },
			      HP_GIVE_IDLE);
	return error;
}

void hp_units_give(struct hp_units run, enum hp_give how)
{
	struct hp_run empty = { run.region, 0, 0 };
	bool is_over_bound = false;

	while (run.count) {
		size_t count, index = run.first / HP_SLOT_UNITS;
		hp_bitmap bits;
		struct hp_slot *slot = hp_units_first_piece(run, &bits, &count);
		bool is_empty;

		hp_units_lock();
		is_empty = hp_slot_vacate(slot, bits, how);
		is_over_bound = hp_dirty_is_over_bound();
		hp_units_unlock();
		/* What is moved away is blank, as far as nothing else was there. */
		if (is_empty && how == HP_GIVE_BLANK) {
			hp_pool_give((struct hp_run){ run.region, index, 1 },
				     slot->touched ? HP_GIVE_IDLE : HP_GIVE_BLANK);
		} else if (is_empty) {
			if (!empty.count++)
				empty.first = index;
		}
		run.first += count;
		run.count -= count;
	}
	if (empty.count)
		hp_pool_give(empty, HP_GIVE_IDLE);
	if (is_over_bound)
		hp_trim_over_bound();
}

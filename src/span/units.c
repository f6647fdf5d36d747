/* See units.h. Which slots there are is the pool's business, under its own lock. */
#include "span/units.h"

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/lock.h"
#include "rt/options.h"
#include "span/dirty.h"
#include "span/shelf.h"

static struct {
	struct hp_lock lock;
	bool has_started;	/* the first slot was taken */
	struct hp_run warm;	/* the slot of the warm-up, count 0 without one */
	struct hp_slot *pinned; /* stays in use though empty: it is being collapsed */
} units = { .lock = HP_LOCK_INIT(HP_RANK_UNITS) };

void hp_units_lock(void)
{
	hp_lock_acquire(&units.lock);
}

void hp_units_unlock(void)
{
	hp_lock_release(&units.lock);
}

void hp_units_reset(void)
{
	hp_lock_reset(&units.lock);
}

static struct hp_units units_in(struct hp_run slot, unsigned first, size_t count)
{
	return (struct hp_units){ slot.region, slot.first * HP_SLOT_UNITS + first, count };
}

/* The part of a run that lies in its first slot: the slot, and the bits. */
static struct hp_slot *first_piece(struct hp_units run, hp_bitmap *out_bits, size_t *out_count)
{
	unsigned first = (unsigned)(run.first % HP_SLOT_UNITS);

	*out_count = hp_min(run.count, HP_SLOT_UNITS - first);
	*out_bits = hp_bitmap_run(first, (unsigned)*out_count);
	return &run.region->slots[run.first / HP_SLOT_UNITS];
}

/* Under the lock: bits of a slot become a span's. Returns which of them may not be zero. */
static hp_bitmap occupy(struct hp_slot *slot, hp_bitmap bits)
{
	hp_bitmap stale = slot->touched & bits;

	HP_ASSERT((slot->free & bits) == bits);
	slot->free &= ~bits;
	slot->touched |= bits;
	if (slot->mapping == HP_MAPPING_BASE && stale != bits)
		hp_pool_count_base_units((long)hp_bitmap_count(bits & ~stale));
	hp_shelf_update(slot);
	return stale;
}

/* Under the lock: units of a slot become free. Whether the slot has no span any more. */
static bool vacate(struct hp_slot *slot, hp_bitmap bits, enum hp_give how)
{
	HP_ASSERT(!(slot->free & bits));
	slot->free |= bits;
	if (how == HP_GIVE_BLANK) {
		if (slot->mapping == HP_MAPPING_BASE)
			hp_pool_count_base_units(-(long)hp_bitmap_count(slot->touched & bits));
		slot->touched &= ~bits;
	}
	if (slot->free != HP_BITMAP_FULL || slot == units.pinned) {
		hp_shelf_update(slot);
		hp_dirty_note(slot);
		return false;
	}
	hp_shelf_remove(slot);
	hp_dirty_remove(slot);
	if (units.warm.count && slot == &units.warm.region->slots[units.warm.first])
		units.warm.count = 0;
	return true;
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

/* The first slot of all is the warm-up's, unless the option says otherwise. */
static enum hp_use use_of_slot(enum hp_use use)
{
	hp_units_lock();
	if (!units.has_started && hp_options.warmup && use == HP_USE_SPANS)
		use = HP_USE_WARMUP;
	units.has_started = true;
	hp_units_unlock();
	return use;
}

/*
 * Under the lock: the warm-up is over when its part is used, or when a second slot is needed. Then
 * its slot, pinned, is for end_warmup() to collapse; else count 0.
 */
static struct hp_run leave_warmup(bool at_once)
{
	struct hp_run warm = units.warm;
	struct hp_slot *slot;

	if (!warm.count)
		return warm;
	slot = &warm.region->slots[warm.first];
	if (!at_once && hp_bitmap_count(slot->touched) <= hp_options.warmup / HP_UNIT_BYTES)
		return (struct hp_run){ 0 };
	units.warm.count = 0;
	units.pinned = slot;
	return warm;
}

static void end_warmup(struct hp_run warm)
{
	struct hp_slot *slot;
	bool is_empty;

	if (!warm.count)
		return;
	slot = &warm.region->slots[warm.first];
	if (hp_pool_collapse(warm)) {
		hp_units_lock();
		hp_pool_count_remapped(warm, HP_MAPPING_THP);
		hp_units_unlock();
	}
	hp_units_lock();
	units.pinned = NULL;
	is_empty = vacate(slot, 0, HP_GIVE_IDLE);
	hp_units_unlock();
	if (is_empty)
		hp_pool_give(warm, HP_GIVE_IDLE);
}

/* Takes a fresh slot into use for one request inside it; other units of it are free to all. */
static int take_slot(const struct hp_units_request *request, struct hp_units *out_units,
		     hp_bitmap *out_stale)
{
	struct hp_pool_request slot = { .slots = 1, .align_slots = 1 };
	struct hp_run run, warm;
	int error;

	slot.use = use_of_slot(request->use);
	error = hp_pool_take(&slot, &run);
	if (error)
		return error;
	hp_units_lock();
	run.region->slots[run.first].free = HP_BITMAP_FULL;
	run.region->slots[run.first].longest = 0;
	hp_list_init(&run.region->slots[run.first].dirty);
	warm = leave_warmup(true);
	/* Also where it ran empty and comes back with its base pages. */
	if (run.region->slots[run.first].mapping == HP_MAPPING_BASE)
		units.warm = run;
	*out_stale =
		occupy(&run.region->slots[run.first], hp_bitmap_run(0, (unsigned)request->units));
	hp_units_unlock();
	end_warmup(warm);
	*out_units = units_in(run, 0, request->units);
	return 0;
}

static int take_inside(const struct hp_units_request *request, struct hp_units *out_units,
		       bool *out_zero)
{
	size_t align = hp_max(request->align_bytes / HP_UNIT_BYTES, 1);
	struct hp_run warm = { 0 };
	struct hp_slot *slot;
	hp_bitmap stale = 0;
	unsigned first;
	bool found;
	int error = 0;

	hp_units_lock();
	found = hp_shelf_find((unsigned)request->units, (unsigned)align, &slot, &first);
	if (found) {
		stale = occupy(slot, hp_bitmap_run(first, (unsigned)request->units));
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

/* Fresh slots: what the run leaves of the first and the last one is free to all. */
static void settle_slots(struct hp_units run, bool zero, bool *out_zero)
{
	*out_zero = true;
	while (run.count) {
		size_t index = run.first / HP_SLOT_UNITS, count;
		hp_bitmap bits, stale;
		struct hp_slot *slot = first_piece(run, &bits, &count);

		hp_units_lock();
		slot->free = HP_BITMAP_FULL;
		slot->longest = 0;
		hp_list_init(&slot->dirty);
		stale = occupy(slot, bits);
		hp_units_unlock();
		if (zero)
			clear(hp_region_address(run.region, index), stale);
		else if (stale)
			*out_zero = false;
		run.first += count;
		run.count -= count;
	}
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
	};
	struct hp_run run;
	int error;

	if (request->normal_units)
		slots.normal_slots =
			(request->offset_units + request->normal_units) / HP_SLOT_UNITS;
	error = hp_pool_take(&slots, &run);
	if (error)
		return error;
	*out_units = units_in(run, (unsigned)request->offset_units, request->units);
	settle_slots(*out_units, request->zero, out_zero);
	return 0;
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
	hp_bitmap bits;
	size_t count;
	struct hp_slot *slot = first_piece(behind, &bits, &count);

	hp_units_lock();
	if (slot->state != HP_SLOT_USED || (slot->free & bits) != bits)
		count = 0;
	else
		occupy(slot, bits);
	hp_units_unlock();
	return count;
}

int hp_units_extend(struct hp_units run, size_t more, enum hp_use use)
{
	struct hp_units behind = { run.region, run.first + run.count, more };
	struct hp_run slots;
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
	slots = (struct hp_run){ run.region, behind.first / HP_SLOT_UNITS,
				 (behind.count + HP_SLOT_UNITS - 1) / HP_SLOT_UNITS };
	error = hp_pool_take_at(slots, use);
	if (!error)
		settle_slots(behind, false, &zero);
	else if (inside)
		hp_units_give((struct hp_units){ run.region, run.first + run.count, inside },
			      HP_GIVE_IDLE);
	return error;
}

void hp_units_give(struct hp_units run, enum hp_give how)
{
	struct hp_run empty = { run.region, 0, 0 };

	while (run.count) {
		size_t count, index = run.first / HP_SLOT_UNITS;
		hp_bitmap bits;
		struct hp_slot *slot = first_piece(run, &bits, &count);
		bool is_empty;

		hp_units_lock();
		is_empty = vacate(slot, bits, how);
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
}

/* Purges units of one slot that are taken off its free ones meanwhile; whether any went. */
static bool purge(struct hp_slot *slot, hp_bitmap bits)
{
	struct hp_run run = hp_run_of(slot);
	char *address = hp_region_address(run.region, run.first);
	hp_bitmap purged = 0;
	bool is_empty;

	for (hp_bitmap rest = bits; rest;) {
		unsigned first = hp_bitmap_lowest(rest), count = hp_bitmap_run_at(rest, first);

		if (!hp_os_purge(address + first * HP_UNIT_BYTES, count * HP_UNIT_BYTES))
			purged |= hp_bitmap_run(first, count);
		rest &= ~hp_bitmap_run(first, count);
	}
	hp_units_lock();
	vacate(slot, purged, HP_GIVE_BLANK);
	is_empty = vacate(slot, bits & ~purged, HP_GIVE_IDLE);
	hp_units_unlock();
	hp_pool_count_purged(hp_bitmap_count(purged) * HP_UNIT_BYTES);
	if (is_empty)
		hp_pool_give(run, slot->touched ? HP_GIVE_IDLE : HP_GIVE_BLANK);
	return purged != 0;
}

static bool purge_oldest(uint64_t since_ms)
{
	struct hp_slot *slot;
	hp_bitmap bits = 0;

	hp_units_lock();
	slot = hp_dirty_take(since_ms);
	if (slot) {
		bits = slot->free & slot->touched;
		slot->free &= ~bits;
		hp_shelf_update(slot);
	}
	hp_units_unlock();
	return bits ? purge(slot, bits) : slot != NULL;
}

void hp_units_tick(uint64_t now_ms)
{
	uint64_t since_ms = now_ms - hp_options.decay_ms;

	if (now_ms >= hp_options.decay_ms && hp_dirty_peek() <= since_ms)
		purge_oldest(since_ms);
}

bool hp_units_trim(void)
{
	bool any = false;

	while (purge_oldest(UINT64_MAX))
		any = true;
	return any;
}

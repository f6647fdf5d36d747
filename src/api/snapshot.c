/* See snapshot.h. */
#include "api/snapshot.h"

#include <string.h>

#include "base/check.h"
#include "base/probe.h"
#include "pool/account.h"
#include "pool/idle.h"
#include "pool/pool.h"
#include "rt/release.h"

static struct {
	bool is_taken;	 /* the child gets the copy */
	bool is_omitted; /* slots may be marked as not for a child: it would have holes there */
	bool is_late;	 /* handlers of the child run before ours */
	char *copy;
	size_t bytes;
} snapshot;

static bool is_huge(const struct hp_slot *slot)
{
	return slot->mapping == HP_MAPPING_HUGE;
}

/* To be copied: nothing is BUSY, the gate is closed. */
static bool is_in_use(const struct hp_slot *slot)
{
	return is_huge(slot) && slot->state == HP_SLOT_USED && slot->has_memory;
}

/*
 * Was copied. Remembered, not asked again: handlers that run in the fork may take and free slots.
 */
static bool is_copied(const struct hp_slot *slot)
{
	return slot->is_copied;
}

/* Has a page that the child would share: in use, or kept idle. */
static bool is_filled(const struct hp_slot *slot)
{
	return is_huge(slot) && slot->has_memory;
}

/* The next slots in a row for which `is_in` holds; false at the end. */
static bool next_run(struct hp_run *run, bool (*is_in)(const struct hp_slot *slot))
{
	const struct hp_region *end = &hp_regions.at[hp_regions.count];
	size_t slot = run->first + run->count;

	for (; run->region < end; run->region++, slot = 0) {
		size_t slots = hp_region_slots(run->region);

		while (slot < slots && !is_in(&run->region->slots[slot]))
			slot++;
		run->first = slot;
		while (slot < slots && is_in(&run->region->slots[slot]))
			slot++;
		run->count = slot - run->first;
		if (run->count)
			return true;
	}
	return false;
}

static struct hp_run before_first(void)
{
	return (struct hp_run){ &hp_regions.at[0], 0, 0 };
}

/* A slot that another thread had rescued at that moment was marked where it stands now. */
static bool may_be_omitted(const struct hp_slot *slot)
{
	return is_huge(slot) || slot->is_rescued;
}

/* False if some stay omitted: the next fork must make a copy, too. */
static bool keep_all(void)
{
	struct hp_run run = before_first();
	int error = 0;

	while (next_run(&run, may_be_omitted))
		error |= hp_os_fork_keep(hp_run_address(run), hp_run_bytes(run));
	snapshot.is_omitted = error;
	return !error;
}

/*
 * A page that cannot be omitted is shared until the child has put its copy there. Who writes to it
 * before that needs a page of the pool. So it is where the library came late: handlers of the child
 * that were registered before ours run before ours, and may read the heap.
 */
static void omit_all(void)
{
	struct hp_run run = before_first();

	if (snapshot.is_late)
		return;
	while (next_run(&run, is_huge))
		hp_os_fork_omit(hp_run_address(run), hp_run_bytes(run));
	snapshot.is_omitted = true;
}

static size_t count_slots(bool (*is_in)(const struct hp_slot *slot))
{
	struct hp_run run = before_first();
	size_t slots = 0;

	while (next_run(&run, is_in))
		slots += run.count;
	return slots;
}

static void set_copied(struct hp_run run, bool is)
{
	for (size_t i = 0; i < run.count; i++)
		hp_run_slots(run)[i].is_copied = is;
}

static void copy_all(char *to)
{
	struct hp_run run = before_first();

	for (; next_run(&run, is_in_use); to += hp_run_bytes(run)) {
		memcpy(to, hp_run_address(run), hp_run_bytes(run));
		set_copied(run, true);
	}
}

static void forget_copied(void)
{
	struct hp_run run = before_first();

	while (next_run(&run, is_copied))
		set_copied(run, false);
}

/* Room for the copy and its content; false if there is no memory. Nothing to copy is fine. */
static bool make_copy(void)
{
	void *copy = NULL;
	size_t bytes = count_slots(is_in_use) * HP_HUGEPAGE_BYTES;

	if (bytes && hp_os_map(NULL, bytes, HP_HUGEPAGE_BYTES, &copy))
		return false;
	if (bytes)
		hp_os_thp_advise(copy, bytes);
	copy_all(copy);
	HP_PROBE1(fork_snapshot, bytes);
	snapshot.copy = copy;
	snapshot.bytes = bytes;
	return true;
}

static void drop_copy(void)
{
	forget_copied();
	if (snapshot.bytes)
		hp_release(snapshot.copy, snapshot.bytes);
	snapshot.bytes = 0;
	snapshot.is_taken = false;
}

void hp_snapshot_init(void)
{
	snapshot.is_late = hp_os_is_late();
}

size_t hp_snapshot_slots(void)
{
	return count_slots(is_filled);
}

bool hp_snapshot_shared_slots(size_t *out_slots)
{
	struct hp_run run = before_first();
	size_t slots = 0, shared;
	int pagemap, error;

	if (hp_os_pagemap_open(&pagemap))
		return false;
	for (error = 0; !error && next_run(&run, is_filled); slots += shared) {
		shared = 0;
		error = hp_os_huge_shared(pagemap, hp_run_address(run), hp_run_bytes(run), &shared);
	}
	hp_os_pagemap_close(pagemap);
	if (!error)
		*out_slots = slots;
	return !error;
}

bool hp_snapshot_is_due(void)
{
	return snapshot.is_omitted;
}

bool hp_snapshot_take(void)
{
	if (!make_copy()) {
		keep_all();
		return false;
	}
	omit_all();
	snapshot.is_taken = true;
	return true;
}

void hp_snapshot_drop(void)
{
	if (!snapshot.is_taken)
		return;
	keep_all();
	drop_copy();
}

/*
 * A piece of the copy becomes the slots' memory; of a slot that a handler has freed meanwhile it is
 * dropped.
 */
static void install(struct hp_run run, char *from)
{
	HP_CHECK(!hp_os_move_away(from, hp_run_bytes(run), hp_run_address(run)),
		 "fork: no mapping for the child's copy of the heap");
	hp_account_remapped(run, HP_MAPPING_THP);
	hp_account_fallback(HP_FALLBACK_FORK, run.count);
	set_copied(run, false);
	for (; run.count; run.first++, run.count--) {
		if (!hp_run_slots(run)->has_memory)
			hp_os_purge(hp_run_address(run), HP_HUGEPAGE_BYTES);
	}
}

/* Slots that were not copied, most of them holes, become reserved address space again. */
static void close_hole(struct hp_run run)
{
	HP_CHECK(!hp_os_vacate(hp_run_address(run), hp_run_bytes(run)),
		 "fork: a hole in the child's heap could not be closed");
	for (; run.count; run.first++, run.count--) {
		struct hp_slot *slot = &run.region->slots[run.first];

		if (slot->state == HP_SLOT_IDLE) {
			hp_idle_remove(slot);
			slot->state = HP_SLOT_FREE;
		}
		if (slot->has_memory)
			hp_account_emptied((struct hp_run){ run.region, run.first, 1 },
					   HP_EMPTIED_MOVED);
		slot->mapping = HP_MAPPING_NONE;
	}
}

/*
 * Handlers that were registered before ours have run since the copy was made, those of prepare and
 * those of the child; the pages have what they wrote. To read a shared page needs none of the pool.
 */
static void copy_again(struct hp_run run, char *to)
{
	for (; run.count; run.first++, run.count--, to += HP_HUGEPAGE_BYTES) {
		if (hp_run_slots(run)->has_memory)
			memcpy(to, hp_run_address(run), HP_HUGEPAGE_BYTES);
	}
}

void hp_snapshot_install(void)
{
	struct hp_run run = before_first();
	char *from = snapshot.copy;

	if (!snapshot.is_taken) {
		HP_CHECK(!snapshot.is_omitted, "fork: no memory for the child's copy of the heap");
		return;
	}
	for (; next_run(&run, is_copied); from += hp_run_bytes(run)) {
		if (snapshot.is_late)
			copy_again(run, from);
		install(run, from);
	}
	run = before_first();
	while (next_run(&run, is_huge))
		close_hole(run);
	snapshot.is_taken = snapshot.is_omitted = false;
}

/*
 * See rescue.h. All but hp_rescue_arm() runs in signal handlers, beside threads that go on: it
 * takes one lock of its own, which is held for the copy of one slot, and nothing under it faults in
 * a way that leads back here.
 *
 * While a slot is copied it is write-protected: the other side may end at that moment, and the
 * page, no longer shared, would take a write between the copy and the move. Who writes to it
 * meanwhile comes here by SIGSEGV and waits for the lock.
 */
#include "pool/rescue.h"

#include <stdatomic.h>
#include <string.h>

#include "pool/account.h"
#include "rt/release.h"

/*
 * Lies on a page that the kernel clears in the child of a fork, who finds it free: its holder is
 * not there. Not in one that shares the memory, as after vfork(): there it is the same lock.
 */
static _Atomic int *held;

static void lock(void)
{
	while (atomic_exchange_explicit(held, 1, memory_order_acquire))
		hp_os_yield();
}

static void unlock(void)
{
	atomic_store_explicit(held, 0, memory_order_release);
}

/* The slot of any address, of which only what is written here and in BUSY slots is looked at. */
static bool find_slot(const void *address, struct hp_run *out_run)
{
	struct hp_region *region = hp_region_find(address);

	if (!region)
		return false;
	*out_run = (struct hp_run){ region, ((uintptr_t)address - region->base) / HP_HUGEPAGE_BYTES,
				    1 };
	return hp_run_slots(*out_run)->state == HP_SLOT_USED;
}

static hp_os_mender mend_protected;

/*
 * Under the lock. The page is shared, so it can be read. Without the protection, writes of other
 * threads during the copy may be lost; without the copy the process is.
 */
static bool move_to_normal(struct hp_run run)
{
	struct hp_slot *slot = hp_run_slots(run);
	void *shared = hp_run_address(run), *copy = NULL;

	if (hp_os_map(NULL, HP_HUGEPAGE_BYTES, HP_HUGEPAGE_BYTES, &copy))
		return false;
	hp_os_thp_advise(copy, HP_HUGEPAGE_BYTES);
	slot->is_rescued = true;
	if (!hp_os_trap_catch(HP_OS_TRAP_PROTECTED, mend_protected))
		hp_os_protect(shared, HP_HUGEPAGE_BYTES);
	memcpy(copy, shared, HP_HUGEPAGE_BYTES);
	if (hp_os_move_away(copy, HP_HUGEPAGE_BYTES, shared)) {
		hp_release(copy, HP_HUGEPAGE_BYTES);
		hp_os_commit(shared, HP_HUGEPAGE_BYTES);
		slot->is_rescued = false;
		return false;
	}
	slot->mapping = HP_MAPPING_THP;
	hp_account_rescued();
	return true;
}

/* Whether a write would do now. */
static bool is_writable(void *address)
{
	char *page = (char *)((uintptr_t)address & ~(HP_PAGE_BYTES - 1));

	return !hp_os_populate(page, HP_PAGE_BYTES);
}

/* Whoever holds the lock first moves the slot, the others find that it is done. */
static bool mend(struct hp_run run, void *address)
{
	bool is_mended;

	lock();
	if (hp_run_slots(run)->mapping == HP_MAPPING_HUGE)
		is_mended = move_to_normal(run);
	else
		is_mended = is_writable(address);
	unlock();
	return is_mended;
}

static bool mend_missing(void *address, const void *instruction)
{
	struct hp_run run;

	(void)instruction;
	return find_slot(address, &run) && mend(run, address);
}

/* Not a page that the program has protected itself, nor a jump to where no code can be. */
static bool mend_protected(void *address, const void *instruction)
{
	struct hp_run run;

	return address != instruction && find_slot(address, &run) &&
	       hp_run_slots(run)->is_rescued && mend(run, address);
}

static bool make_lock(void)
{
	void *page = NULL;

	if (held)
		return true;
	if (hp_os_map(NULL, HP_PAGE_BYTES, HP_PAGE_BYTES, &page))
		return false;
	if (hp_os_fork_wipe(page, HP_PAGE_BYTES)) {
		hp_release(page, HP_PAGE_BYTES);
		return false;
	}
	held = page;
	return true;
}

void hp_rescue_arm(void)
{
	if (make_lock())
		hp_os_trap_catch(HP_OS_TRAP_NO_PAGE, mend_missing);
}

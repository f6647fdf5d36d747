/*
 * See reclaim.h. liburcu is called out of line (its inline read side is LGPL only, and nothing of
 * it is on a hit path). An own list instead of call_rcu(), which allocates and starts a thread.
 */
#include "rt/reclaim.h"

#include <stdatomic.h>
#include <stddef.h>
#include <urcu/urcu-bp.h>

#include "base/check.h"
#include "base/lock.h"
#include "os/os.h"
#include "rt/release.h"
#include "rt/urcu_own.h"

#define PROBE_BYTES (4 * HP_PAGE_BYTES)

static struct {
	struct hp_lock lock;
	struct hp_retired *list;
	unsigned count;
} reclaim = { .lock = HP_LOCK_INIT(HP_RANK_RECLAIM) };

/*
 * ThreadSanitizer does not see what liburcu orders: a grace period comes after the read sections
 * that it waited for. For it alone, each section's end is a release and the grace period acquires.
 */
static _Atomic unsigned sections_ended;

static void tell_section_end(void)
{
	if (HP_THREAD_SANITIZER)
		atomic_fetch_add_explicit(&sections_ended, 1, memory_order_release);
}

static void tell_grace_period(void)
{
	if (HP_THREAD_SANITIZER)
		atomic_load_explicit(&sections_ended, memory_order_acquire);
}

/* liburcu's own, for its inline read side: in its library, in none of its headers for us. */
extern int urcu_bp_has_sys_membarrier;
extern __thread struct urcu_bp_reader *urcu_bp_reader; /* NULL: the thread is not registered */

/* The distribution's liburcu ends the program where it has no memory: asked for a little before. */
static bool register_where_there_is_room(void)
{
	void *room;

	if (urcu_bp_reader)
		return true;
	if (hp_os_map(NULL, PROBE_BYTES, HP_PAGE_BYTES, &room))
		return false;
	hp_release(room, PROBE_BYTES);
	urcu_bp_register_thread();
	return true;
}

/* Who holds the process for a fork has liburcu's locks. */
bool hp_reclaim_register_thread(void)
{
	if (hp_lock_has_process())
		return urcu_bp_reader;
	return HP_PRIVATE_LIBURCU ? hp_urcu_bp_try_register() : register_where_there_is_room();
}

void hp_reclaim_read_begin(void)
{
	urcu_bp_read_lock();
}

void hp_reclaim_read_end(void)
{
	tell_section_end();
	urcu_bp_read_unlock();
}

void hp_reclaim_retire(struct hp_retired *object)
{
	hp_lock_acquire(&reclaim.lock);
	object->next = reclaim.list;
	reclaim.list = object;
	reclaim.count++;
	hp_lock_release(&reclaim.lock);
}

/*
 * liburcu ends the process where membarrier worked at its start and is forbidden now, by a filter
 * of system calls. Asked by registering again, which costs nothing. What was retired stays so.
 */
static bool has_lost_barrier(void)
{
	return urcu_bp_has_sys_membarrier && hp_os_barrier_register();
}

bool hp_reclaim_drain(unsigned at_least, void (*release)(struct hp_retired *object))
{
	struct hp_retired *list = NULL, *next;

	hp_lock_acquire(&reclaim.lock);
	if (reclaim.count && reclaim.count >= at_least) {
		list = reclaim.list;
		reclaim.list = NULL;
		reclaim.count = 0;
	}
	hp_lock_release(&reclaim.lock);
	if (!list)
		return false;
	if (has_lost_barrier()) {
		for (; list; list = next) {
			next = list->next;
			hp_reclaim_retire(list);
		}
		return false;
	}
	urcu_bp_synchronize_rcu();
	tell_grace_period();
	for (; list; list = next) {
		next = list->next;
		release(list);
	}
	return true;
}

void hp_reclaim_before_fork(void)
{
	hp_urcu_bp_init_lock();
	/* Handlers of the program that run in here may write to pages that are not there. */
	hp_os_trap_spare(urcu_bp_before_fork);
}

void hp_reclaim_after_fork_parent(void)
{
	urcu_bp_after_fork_parent();
	hp_urcu_bp_init_unlock();
}

void hp_reclaim_after_fork_child(void)
{
	urcu_bp_after_fork_child();
	hp_urcu_bp_init_unlock();
}

void hp_reclaim_lock(void)
{
	hp_lock_acquire(&reclaim.lock);
}

void hp_reclaim_unlock(void)
{
	hp_lock_release(&reclaim.lock);
}

void hp_reclaim_reset(void)
{
	hp_lock_reset(&reclaim.lock);
}

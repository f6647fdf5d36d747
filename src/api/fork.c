/*
 * See fork.h. Prepare: stdio's list of files first (fork takes it after all handlers, and a thread
 * that holds it may wait for one that waits at our gate), then liburcu (it waits for grace periods
 * to end, which a slow path never does), then the gate, then every lock by rank, then what the
 * child is to get of what stands on hugetlb. The forking thread itself passes gate and locks, for
 * handlers that run after ours may use the heap. Parent and child undo it in reverse; the child
 * makes the locks new and the other threads' arenas orphans.
 */
#include "api/fork.h"

#include <pthread.h>

#include "api/publish.h"
#include "api/share.h"
#include "arena/explicit.h"
#include "arena/gate.h"
#include "arena/registry.h"
#include "arena/thread.h"
#include "base/check.h"
#include "base/lock.h"
#include "os/os.h"
#include "pool/pool.h"
#include "rt/counters.h"
#include "rt/meta.h"
#include "span/units.h"

/* By rank. */
static const struct lock {
	void (*acquire)(void);
	void (*release)(void);
	void (*reset)(void);
} locks[] = {
	{ hp_registry_lock, hp_registry_unlock, hp_registry_reset },
	{ hp_explicit_lock_list, hp_explicit_unlock_list, hp_explicit_reset_list_lock },
	{ hp_units_lock, hp_units_unlock, hp_units_reset },
	{ hp_pool_lock, hp_pool_unlock, hp_pool_reset },
	{ hp_reclaim_lock, hp_reclaim_unlock, hp_reclaim_reset },
	{ hp_meta_lock, hp_meta_unlock, hp_meta_reset },
};

enum { LOCKS = sizeof(locks) / sizeof(locks[0]) };

static void prepare(void)
{
	hp_share_look_ahead();
	hp_thread_arena(); /* registers with liburcu now: later it would wait for itself */
	hp_os_stdio_lock();
	hp_reclaim_before_fork();
	hp_gate_close();
	for (unsigned i = 0; i < LOCKS; i++)
		locks[i].acquire();
	hp_lock_hold_process();
	hp_counters_before_fork();
	hp_share_prepare();
}

static void parent(void)
{
	hp_share_parent();
	hp_lock_let_process();
	for (unsigned i = LOCKS; i-- > 0;)
		locks[i].release();
	hp_gate_open();
	hp_reclaim_after_fork_parent();
	hp_os_stdio_unlock();
}

static void child(void)
{
	hp_counters_after_fork_child();
	hp_publish_after_fork_child();
	hp_share_child();
	hp_lock_let_process();
	for (unsigned i = LOCKS; i-- > 0;)
		locks[i].reset();
	hp_registry_inherit(hp_mine); /* before a thread can join */
	hp_explicit_inherit();
	hp_gate_reset();
	hp_reclaim_after_fork_child();
	hp_os_stdio_reset();
}

void hp_fork_init(void)
{
	HP_CHECK(!pthread_atfork(prepare, parent, child), "no memory for the fork handlers");
}

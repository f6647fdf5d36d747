/*
 * See share.h. Shared is only what is covered: as many pages as may be needed must be free in the
 * pool and within the limits of the control group, so that each side could have all to itself. The
 * pool has to promise them, and is let out of it before the fork: a promise that the parent holds
 * is one that the child cannot use, and its first write would find no page. What other processes
 * take between the promise and the write is what rescue.h is for.
 */
#include "api/share.h"

#include <stdatomic.h>

#include "api/snapshot.h"
#include "base/bits.h"
#include "os/os.h"
#include "pool/backing.h"
#include "pool/pool.h"
#include "pool/rescue.h"
#include "rt/counters.h"
#include "rt/options.h"

enum {
	COPY_MAX_SLOTS = 8, /* with HPALLOC_FORK=auto: 16 MB are copied in 2 ms */
	COSTLY_SLOTS = 8,   /* a fork that copies so much is one to avoid */
};

/* Of the last look ahead; forks come one at a time from there on. */
static _Atomic uint64_t left_bytes;

static bool may_share(uint64_t hugetlb_bytes)
{
	if (hp_options.fork == HP_FORK_AUTO)
		return hugetlb_bytes > COPY_MAX_SLOTS * HP_HUGEPAGE_BYTES;
	return hp_options.fork == HP_FORK_KEEP && hugetlb_bytes;
}

/* What can't be read does not limit: then the promise has to do. */
void hp_share_look_ahead(void)
{
	uint64_t limit, left = UINT64_MAX;
	struct hp_stats stats;

	hp_counters_get(&stats);
	if (may_share(stats.hugetlb_bytes))
		hp_os_cgroup_read(HP_OS_CGROUP_HUGETLB, &limit, &left);
	atomic_store_explicit(&left_bytes, left, memory_order_relaxed);
}

static bool is_covered(size_t bytes)
{
	return bytes <= atomic_load_explicit(&left_bytes, memory_order_relaxed) &&
	       !hp_backing_promise(bytes);
}

/*
 * How many other processes may share pages with this one: forks since none did. In a child the
 * parent takes the place of itself.
 */
static size_t sharers;

/*
 * Each who shares a page may come to need one of its own, all but the last. Who asks to keep pages
 * shared has workers that mostly read, and no need of so many.
 */
static size_t slots_for_all(size_t slots)
{
	size_t shared;

	if (hp_options.fork == HP_FORK_KEEP)
		return slots;
	shared = hp_snapshot_shared_slots();
	sharers = shared ? hp_max(sharers, 1) : 0;
	return slots + shared * sharers;
}

static bool wants_to_share(size_t slots)
{
	return may_share(slots * HP_HUGEPAGE_BYTES) && !hp_snapshot_is_due() &&
	       is_covered(slots_for_all(slots) * HP_HUGEPAGE_BYTES);
}

enum way { NOTHING, COPIED, SHARED, UNCOVERED };

static enum way choose(size_t slots)
{
	if (!slots && !hp_snapshot_is_due())
		return NOTHING;
	hp_rescue_arm();
	if (wants_to_share(slots))
		return SHARED;
	return hp_snapshot_take() ? COPIED : UNCOVERED;
}

void hp_share_prepare(void)
{
	size_t slots = hp_snapshot_slots();
	enum way way = choose(slots);
	struct hp_stats *stats = hp_counters_begin();

	sharers += way == SHARED || way == UNCOVERED;
	stats->forks_copied += way == COPIED;
	stats->forks_shared += way == SHARED;
	stats->forks_uncovered += way == UNCOVERED;
	hp_counters_end();
	if (way == COPIED && hp_options.fork == HP_FORK_AUTO && slots >= COSTLY_SLOTS)
		hp_backing_note_costly_fork();
}

void hp_share_parent(void)
{
	hp_snapshot_drop();
}

void hp_share_child(void)
{
	if (!hp_snapshot_install())
		hp_pool_trim(0); /* idle pages are shared: a write would need one of the pool */
}

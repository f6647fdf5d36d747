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
#include "pool/forks.h"
#include "pool/pool.h"
#include "pool/rescue.h"
#include "rt/counters.h"
#include "rt/options.h"

enum {
	COPY_MAX_SLOTS = 8, /* with HPALLOC_FORK=auto: 16 MB are copied in 2 ms */
	COSTLY_SLOTS = 8,   /* a fork that copies so much is one to avoid */
};

/* Of the last look ahead; forks come one at a time from there on. */
static _Atomic uint64_t pool_left_bytes, memory_left_bytes;

static bool may_share(uint64_t hugetlb_bytes)
{
	if (hp_options.fork == HP_FORK_AUTO)
		return hugetlb_bytes > COPY_MAX_SLOTS * HP_HUGEPAGE_BYTES;
	return hp_options.fork == HP_FORK_KEEP && hugetlb_bytes;
}

/* A small copy is not worth the look: memory for a fork is needed anyway. */
static bool may_copy(uint64_t hugetlb_bytes)
{
	return hugetlb_bytes <= COPY_MAX_SLOTS * HP_HUGEPAGE_BYTES ||
	       hugetlb_bytes <= atomic_load_explicit(&memory_left_bytes, memory_order_relaxed);
}

/*
 * What can't be read does not limit. Of the group's memory the limit counts, not what is left: most
 * of what is used may be files, which the kernel lets go.
 */
void hp_share_look_ahead(void)
{
	uint64_t unused, pool = UINT64_MAX, group = UINT64_MAX, memory = UINT64_MAX;
	struct hp_stats stats;

	hp_counters_get(&stats);
	if (may_share(stats.hugetlb_bytes))
		hp_os_cgroup_read(HP_OS_CGROUP_HUGETLB, &unused, &pool);
	if (stats.hugetlb_bytes > COPY_MAX_SLOTS * HP_HUGEPAGE_BYTES) {
		hp_os_cgroup_read(HP_OS_CGROUP_MEMORY, &group, &unused);
		hp_os_memory_available(&memory);
	}
	atomic_store_explicit(&pool_left_bytes, pool, memory_order_relaxed);
	atomic_store_explicit(&memory_left_bytes, hp_min(memory, group), memory_order_relaxed);
}

static bool is_covered(size_t bytes)
{
	return bytes <= atomic_load_explicit(&pool_left_bytes, memory_order_relaxed) &&
	       !hp_backing_promise(bytes);
}

static _Atomic uint64_t own_forks; /* where no page can be had */

/*
 * How many other processes may share pages with this one: forks that shared since it was alone, its
 * own, its children's and theirs, who all count in one place; fewer when some have gone or written.
 */
static struct {
	_Atomic uint64_t *forks; /* on a page that is the same for all of the family */
	uint64_t forks_before;	 /* of them, that matter no more */
	size_t slots;		 /* that were shared at the last look */
} sharers = { .forks = &own_forks };

static uint64_t count_forks(void)
{
	return atomic_load_explicit(sharers.forks, memory_order_relaxed);
}

static size_t count_sharers(void)
{
	return count_forks() - sharers.forks_before;
}

/* A look at each page: not where there was no such fork. */
static void look_for_sharers(size_t slots)
{
	uint64_t forks = count_forks();
	size_t count = forks - sharers.forks_before, shared = 0;

	if (!count)
		return;
	if (!hp_snapshot_shared_slots(&shared)) { /* a server that gave its rights up */
		count = 1;
		shared = slots;
	} else if (!shared) {
		count = 0;
	} else if (shared < sharers.slots) {
		count = hp_max(count / 2, 1);
	}
	sharers.forks_before = forks - count;
	sharers.slots = shared;
}

static void note_shared(size_t slots)
{
	_Atomic uint64_t *forks;
	void *page;

	if (sharers.forks == &own_forks && !hp_os_map_shared(HP_PAGE_BYTES, &page)) {
		forks = page;
		atomic_store_explicit(forks, count_forks(), memory_order_relaxed);
		sharers.forks = forks;
	}
	atomic_fetch_add_explicit(sharers.forks, 1, memory_order_relaxed);
	sharers.slots = slots;
}

/*
 * Each who shares a page may come to need one of its own, all but the last. Who asks to keep pages
 * shared has workers that mostly read, and no need of so many.
 */
static size_t slots_for_all(size_t slots)
{
	return slots + (hp_options.fork == HP_FORK_KEEP ? 0 : sharers.slots * count_sharers());
}

static bool wants_to_share(size_t slots)
{
	return may_share(slots * HP_HUGEPAGE_BYTES) && !hp_snapshot_is_due() &&
	       is_covered(slots_for_all(slots) * HP_HUGEPAGE_BYTES);
}

static bool is_shared; /* by the fork that goes on */

enum way { NOTHING, COPIED, SHARED, UNCOVERED };

static enum way choose(size_t slots)
{
	if (!slots && !hp_snapshot_is_due())
		return NOTHING;
	look_for_sharers(slots);
	if (wants_to_share(slots))
		return SHARED;
	return may_copy(slots * HP_HUGEPAGE_BYTES) && hp_snapshot_take() ? COPIED : UNCOVERED;
}

void hp_share_prepare(void)
{
	size_t slots = hp_snapshot_slots();
	enum way way = choose(slots);
	struct hp_stats *stats = hp_counters_begin();

	stats->forks_copied += way == COPIED;
	stats->forks_shared += way == SHARED;
	stats->forks_uncovered += way == UNCOVERED;
	hp_counters_end();
	is_shared = way == SHARED || way == UNCOVERED;
	if (is_shared) {
		hp_rescue_arm();
		note_shared(slots);
	}
	if (way == COPIED && hp_options.fork == HP_FORK_AUTO && slots >= COSTLY_SLOTS)
		hp_forks_note_costly();
}

void hp_share_parent(void)
{
	hp_snapshot_drop();
}

void hp_share_child(void)
{
	hp_snapshot_install();
	/* Idle pages are shared, too: to use one again would need another of the pool. */
	if (is_shared)
		hp_pool_trim(0);
}

/* See limit.h. What is held is in the counters; what is on its way is `pending`. */
#include "pool/limit.h"

#include <hpalloc/hpalloc.h>

#include "base/bits.h"
#include "base/check.h"
#include "pool/slot.h"
#include "rt/counters.h"
#include "rt/options.h"

/* A control group's memory is for stacks, libraries and the kernel's own, too. */
enum { CGROUP_REST_SHARE = 10 };

#define NONE UINT64_MAX

/* Written under the pool lock; `is_any` and `heap_bytes` are read without it, too. */
static struct {
	bool is_any;
	uint64_t heap_bytes, normal_bytes, huge_bytes;
	uint64_t group_huge_bytes; /* the control group's part in it */
	struct {
		uint64_t bytes, normal_bytes, huge_bytes;
	} pending; /* pool lock */
} limits = {
	.heap_bytes = NONE, .normal_bytes = NONE, .huge_bytes = NONE, .group_huge_bytes = NONE
};

static uint64_t value_of(size_t option)
{
	return option == HP_LIMIT_NONE ? NONE : option;
}

/*
 * hugetlb pages are not charged as memory, nor memory as hugetlb pages: two limits. Beyond that of
 * hugetlb pages the heap goes on on others; beyond that of memory the kernel would kill.
 */
static void read_cgroup(void)
{
	uint64_t limit_bytes, left_bytes;

	if (!hp_os_cgroup_read(HP_OS_CGROUP_MEMORY, &limit_bytes, &left_bytes) &&
	    limit_bytes != NONE)
		limits.normal_bytes = limit_bytes - limit_bytes / CGROUP_REST_SHARE;
	if (!hp_os_cgroup_read(HP_OS_CGROUP_HUGETLB, &limit_bytes, &left_bytes))
		limits.group_huge_bytes = limit_bytes;
}

void hp_limit_init(void)
{
	if (hp_options.limit_cgroup)
		read_cgroup();
	hp_limit_renew();
}

void hp_limit_renew(void)
{
	uint64_t heap_bytes = value_of(HP_RELAXED_LOAD(hp_options.limit));
	uint64_t huge_bytes = value_of(HP_RELAXED_LOAD(hp_options.pool_max));
	bool is_any;

	limits.huge_bytes = hp_min(huge_bytes, limits.group_huge_bytes);
	is_any = heap_bytes != NONE || limits.normal_bytes != NONE || limits.huge_bytes != NONE;
	__atomic_store_n(&limits.heap_bytes, heap_bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&limits.is_any, is_any, __ATOMIC_RELAXED);
}

static uint64_t left(uint64_t limit_bytes, uint64_t held_bytes)
{
	return held_bytes < limit_bytes ? limit_bytes - held_bytes : 0;
}

static uint64_t normal_left(const struct hp_stats *held)
{
	return left(limits.normal_bytes,
		    held->thp_bytes + held->base_bytes + limits.pending.normal_bytes);
}

bool hp_limit_grant(size_t slots, struct hp_limit_grant *out_grant)
{
	uint64_t bytes = (uint64_t)slots * HP_HUGEPAGE_BYTES, huge_left;
	struct hp_limit_grant grant = { slots, slots, bytes };
	struct hp_stats held;

	if (limits.is_any) {
		hp_counters_get(&held);
		huge_left = left(limits.huge_bytes, held.hugetlb_bytes + limits.pending.huge_bytes);
		grant.huge_slots = hp_min(slots, huge_left / HP_HUGEPAGE_BYTES);
		grant.normal_slots = hp_min(slots, normal_left(&held) / HP_HUGEPAGE_BYTES);
		if (bytes > left(limits.heap_bytes, held.heap_bytes + limits.pending.bytes) ||
		    grant.huge_slots + grant.normal_slots < slots)
			return false;
	}
	limits.pending.bytes += bytes;
	limits.pending.huge_bytes += grant.huge_slots * HP_HUGEPAGE_BYTES;
	limits.pending.normal_bytes += grant.normal_slots * HP_HUGEPAGE_BYTES;
	*out_grant = grant;
	return true;
}

void hp_limit_settle(const struct hp_limit_grant *grant)
{
	if (!grant->counted_bytes)
		return;
	HP_ASSERT(limits.pending.bytes >= grant->counted_bytes);
	limits.pending.bytes -= grant->counted_bytes;
	limits.pending.huge_bytes -= grant->huge_slots * HP_HUGEPAGE_BYTES;
	limits.pending.normal_bytes -= grant->normal_slots * HP_HUGEPAGE_BYTES;
}

bool hp_limit_has_units(size_t units)
{
	uint64_t bytes = (uint64_t)units * HP_UNIT_BYTES;
	struct hp_stats held;

	if (!limits.is_any)
		return true;
	hp_counters_get(&held);
	return bytes <= left(limits.heap_bytes, held.heap_bytes + limits.pending.bytes) &&
	       bytes <= normal_left(&held);
}

bool hp_limit_is_tight(size_t more_bytes)
{
	size_t soft = HP_RELAXED_LOAD(hp_options.limit_soft);
	struct hp_stats held;

	if (soft == HP_LIMIT_NONE)
		return false;
	hp_counters_get(&held);
	return held.heap_bytes > soft || more_bytes > soft - held.heap_bytes;
}

bool hp_limit_is_of_group(void)
{
	return limits.group_huge_bytes < value_of(HP_RELAXED_LOAD(hp_options.pool_max));
}

/* How many pages others shall find free. */
static uint64_t low_mark(void)
{
	size_t leave = HP_RELAXED_LOAD(hp_options.pool_leave);

	return leave / HP_HUGEPAGE_BYTES + (leave % HP_HUGEPAGE_BYTES != 0);
}

size_t hp_limit_above_mark(size_t slots)
{
	uint64_t mark = low_mark(), free_pages;

	if (!mark)
		return slots;
	if (hp_os_huge_free(&free_pages) || free_pages <= mark)
		return 0;
	return hp_min(slots, free_pages - mark);
}

size_t hp_limit_below_mark(void)
{
	uint64_t mark = low_mark(), free_pages;

	if (!mark || hp_os_huge_free(&free_pages) || free_pages >= mark)
		return 0;
	return mark - free_pages;
}

bool hp_limit_is_set(void)
{
	return HP_RELAXED_LOAD(limits.is_any);
}

bool hp_limit_may_allow(size_t bytes)
{
	return (hp_limit_is_set() || hp_options.strict) &&
	       bytes <= HP_RELAXED_LOAD(limits.heap_bytes);
}

/*
 * What the heap may hold: HPALLOC_LIMIT, HPALLOC_LIMIT_SOFT, HPALLOC_LIMIT_CGROUP, and its share of
 * the hugetlb pool, HPALLOC_POOL_MAX and HPALLOC_POOL_LEAVE. Huge pages count whole, base pages by
 * units, also idle ones.
 *
 * Memory is granted before it is taken: a grant counts against the limits until it is settled, when
 * the statistics know what came of it. Who is refused gives back what idles and asks again, each
 * layer what it has: the pool its slots, the span layer free units, the API the caller's own.
 */
#ifndef HP_POOL_LIMIT_H
#define HP_POOL_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

/* Slots that may get memory: so many at most on hugetlb pages, so many on others. */
struct hp_limit_grant {
	size_t huge_slots;
	size_t normal_slots;
	size_t counted_bytes; /* held against the limits until it is settled */
};

/* Once, when the options are read: the control group's limits are those of now. */
void hp_limit_init(void);

/* Under the pool lock: the options may have changed. */
void hp_limit_renew(void);

/* Under the pool lock. False if the heap may not have so much. */
bool hp_limit_grant(size_t slots, struct hp_limit_grant *out_grant);

/* Under the pool lock: what was granted is counted now, or not taken. */
void hp_limit_settle(const struct hp_limit_grant *grant);

/* Under the pool lock: whether so many units of base pages may get memory. */
bool hp_limit_has_units(size_t units);

/* Whether the soft limit is, or with so much more would be, exceeded. */
bool hp_limit_is_tight(size_t more_bytes);

/* Whether the bound on hugetlb pages is the control group's, not HPALLOC_POOL_MAX. */
bool hp_limit_is_of_group(void);

/*
 * How many of `slots` may come from the pool for HPALLOC_POOL_LEAVE, none where the pool can't be
 * looked at; and how many pages too few are left in it now. They read files: under no lock.
 */
size_t hp_limit_above_mark(size_t slots);
size_t hp_limit_below_mark(void);

/* Whether what the heap may hold, or take of a kind of page, is limited at all. */
bool hp_limit_is_set(void);

/* Whether a request of this size that failed might not, were less of the heap idle. */
bool hp_limit_may_allow(size_t bytes);

#endif

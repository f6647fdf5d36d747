/*
 * The limits while the operating system fails: no grant is forgotten, what can't be read limits
 * nothing, and a pool that can't be looked at is left alone.
 */
#include <errno.h>

#include "fault.h"
#include "hugepool.h"
#include "limit.h"
#include "support.h"

enum { ROUNDS = 2000, KEPT = 16, POOL_PAGES = 16 };

/* Each block whole, or refused. */
static void take_and_give_at_random(void)
{
	uint64_t random = 1;
	void *blocks[KEPT] = { NULL };

	for (int i = 0; i < ROUNDS; i++) {
		size_t at = hp_test_random(&random) % KEPT;
		size_t bytes = hp_test_random(&random) % (3 * HP_MIB) + 1;
		void *moved = hp_realloc(blocks[at], bytes);

		if (!moved)
			continue;
		blocks[at] = moved;
		hp_test_touch(moved, bytes);
	}
	for (size_t at = 0; at < KEPT; at++)
		hp_free(blocks[at]);
}

static void fail_and_recover(void)
{
	static const unsigned rates[] = { 10, 100, 500 };

	for (size_t i = 0; i < HP_TEST_COUNT(rates); i++) {
		hp_fault_randomly(rates[i]);
		take_and_give_at_random();
		hp_fault_none();
	}
	hp_trim(0);
	hp_test_limit_holds(2 * HP_MIB - 16 * HP_KIB, 20 * HP_MIB, 19 * HP_MIB);
}

/* Granted, and then not to be had. */
static void no_grant_is_forgotten(void)
{
	if (!hp_test_fresh("HPALLOC_LIMIT=20M HPALLOC_WARMUP=0"))
		return;
	hp_fault_all_of(HP_FAULT_commit);
	for (int i = 0; i < 20; i++)
		HP_TEST_TOO_MUCH(hp_malloc(HP_MIB));
	hp_fault_none();
	fail_and_recover();
}

static void no_grant_of_base_pages_is_forgotten(void)
{
	if (hp_test_fresh("HPALLOC_BACKING=base HPALLOC_LIMIT=20M"))
		fail_and_recover();
}

static void no_grant_of_the_pool_is_forgotten(void)
{
	if (hp_test_fresh_with_pool("HPALLOC_LIMIT=20M HPALLOC_POOL_MAX=8M HPALLOC_WARMUP=0",
				    POOL_PAGES))
		fail_and_recover();
}

static void unreadable_control_groups_limit_nothing(void)
{
	void *block;

	if (!g_test_subprocess())
		g_setenv("HP_TEST_FAULT", "name cgroup_read", TRUE);
	if (!hp_test_fresh("HPALLOC_LIMIT_CGROUP=1")) {
		g_unsetenv("HP_TEST_FAULT");
		return;
	}
	g_assert_cmpuint(hp_fault_calls(HP_FAULT_cgroup_read), ==, 2);
	block = hp_malloc(30 * HP_MIB);
	g_assert_nonnull(block);
	hp_free(block);
}

static void a_pool_that_cannot_be_looked_at_is_left_alone(void)
{
	if (!hp_test_fresh_with_pool("HPALLOC_POOL_LEAVE=2M HPALLOC_WARMUP=0", POOL_PAGES))
		return;
	hp_fault_all_of(HP_FAULT_huge_free);
	hp_free(hp_malloc(10 * HP_MIB));
	g_assert_cmpuint(hp_test_stats().peak_hugetlb_bytes, ==, 0);
	hp_fault_none();
	hp_trim(0);
	hp_test_sleep_ms(150);
	hp_free(hp_malloc(10 * HP_MIB));
	g_assert_cmpuint(hp_test_stats().hugepages_taken, >, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/heap-limit-fault/no-grant-is-forgotten", no_grant_is_forgotten);
	g_test_add_func("/heap-limit-fault/no-grant-of-base-pages-is-forgotten",
			no_grant_of_base_pages_is_forgotten);
	g_test_add_func("/heap-limit-fault/no-grant-of-the-pool-is-forgotten",
			no_grant_of_the_pool_is_forgotten);
	g_test_add_func("/heap-limit-fault/unreadable-control-groups-limit-nothing",
			unreadable_control_groups_limit_nothing);
	g_test_add_func("/heap-limit-fault/a-pool-that-cannot-be-looked-at-is-left-alone",
			a_pool_that_cannot_be_looked_at_is_left_alone);
	return g_test_run();
}

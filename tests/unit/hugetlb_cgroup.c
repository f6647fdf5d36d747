/*
 * A cgroup's limit on hugetlb pages: a page that the pool has and the limit forbids is other
 * memory, where a reserved mapping would be SIGBUS at the touch.
 */
#include <unistd.h>

#include "control_group.h"
#include "forked.h"
#include "hugepool.h"

enum { POOL_PAGES = 64, LIMIT_PAGES = 8, FORK_LIMIT_PAGES = 24, BLOCKS = 64 };

static void take_and_free_all(uint64_t least, uint64_t most)
{
	struct hp_stats stats;
	void *blocks[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = hp_malloc(HP_MIB);
		g_assert_nonnull(blocks[i]);
		hp_test_fill(blocks[i], HP_MIB, i);
	}
	stats = hp_test_stats();
	g_assert_cmpuint(stats.hugetlb_bytes, >=, least * HP_TEST_HUGEPAGE);
	g_assert_cmpuint(stats.hugetlb_bytes, <=, most * HP_TEST_HUGEPAGE);
	for (size_t i = 0; i < BLOCKS; i++) {
		g_assert_true(hp_test_is_filled(blocks[i], HP_MIB, i));
		hp_free(blocks[i]);
	}
}

static void run_inside(void)
{
	const char *group = g_getenv("HP_TEST_CGROUP");
	const char *limit = g_getenv("HP_TEST_CGROUP_LIMIT");

	hp_test_group_enter(group);
	take_and_free_all(LIMIT_PAGES - 1, LIMIT_PAGES);
	g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_LIMIT] +
				 hp_test_stats().fallbacks[HP_FALLBACK_POOL_EMPTY],
			 >, 0);
	hp_trim(0);
	g_assert_true(hp_test_group_limit(group, limit, "max"));
	hp_test_sleep_ms(150);
	take_and_free_all(28, POOL_PAGES);
}

/* The pool could hold both sides, the group could not. */
static void fork_inside(void)
{
	pid_t child;

	hp_test_group_enter(g_getenv("HP_TEST_CGROUP"));
	hp_test_blocks_take(2 * FORK_LIMIT_PAGES - 8);
	child = hp_test_fork();
	if (child == 0) {
		hp_test_blocks_write(1000);
		hp_test_blocks_check(1000);
		_exit(0);
	}
	hp_test_blocks_write(2000);
	hp_test_child_did_well(child);
	hp_test_blocks_check(2000);
	g_assert_cmpuint(hp_test_stats().forks_copied, ==, 1);
	g_assert_cmpuint(hp_test_stats().rescued, ==, 0);
}

static void run_limited(const char *controller, const char *limit, unsigned pages)
{
	char *group, *bytes;

	if (!hp_test_pool_begin(POOL_PAGES))
		return;
	group = hp_test_group_begin(controller);
	if (!group) {
		hp_test_pool_end();
		return;
	}
	bytes = g_strdup_printf("%zu", pages * HP_TEST_HUGEPAGE);
	g_assert_true(hp_test_group_limit(group, limit, bytes));
	g_setenv("HPALLOC_BACKING", "auto", TRUE);
	g_setenv("HP_TEST_CGROUP", group, TRUE);
	g_setenv("HP_TEST_CGROUP_LIMIT", limit, TRUE);
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
	hp_test_group_end(group);
	g_free(bytes);
	hp_test_pool_end();
	g_test_trap_assert_passed();
}

static void a_limit_on_use_costs_nothing_but_speed(void)
{
	if (g_test_subprocess())
		run_inside();
	else
		run_limited("hugetlb", "hugetlb.2MB.max", LIMIT_PAGES);
}

static void a_limit_on_reservations_costs_nothing_but_speed(void)
{
	if (g_test_subprocess())
		run_inside();
	else
		run_limited("hugetlb", "hugetlb.2MB.rsvd.max", LIMIT_PAGES);
}

static void a_fork_copies_what_the_group_could_not_hold_twice(void)
{
	g_setenv("HPALLOC_FORK", "keep", TRUE);
	if (g_test_subprocess())
		fork_inside();
	else
		run_limited("hugetlb", "hugetlb.2MB.max", FORK_LIMIT_PAGES);
	g_unsetenv("HPALLOC_FORK");
}

/* The copy would not fit into the group, and the kernel would kill for it. */
static void fork_without_memory(void)
{
	pid_t child;

	hp_test_group_enter(g_getenv("HP_TEST_CGROUP"));
	hp_test_blocks_take(2 * FORK_LIMIT_PAGES);
	child = hp_test_fork();
	if (child == 0) {
		hp_test_blocks_check(0);
		_exit(0);
	}
	hp_test_child_did_well(child);
	hp_test_blocks_check(0);
	g_assert_cmpuint(hp_test_stats().forks_uncovered, ==, 1);
}

static void a_fork_makes_no_copy_that_the_group_has_no_memory_for(void)
{
	g_setenv("HPALLOC_FORK", "snapshot", TRUE);
	if (g_test_subprocess())
		fork_without_memory();
	else
		run_limited("memory", "memory.max", FORK_LIMIT_PAGES - 4);
	g_unsetenv("HPALLOC_FORK");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hugetlb-cgroup/a-limit-on-use-costs-nothing-but-speed",
			a_limit_on_use_costs_nothing_but_speed);
	g_test_add_func("/hugetlb-cgroup/a-limit-on-reservations-costs-nothing-but-speed",
			a_limit_on_reservations_costs_nothing_but_speed);
	g_test_add_func("/hugetlb-cgroup/a-fork-copies-what-the-group-could-not-hold-twice",
			a_fork_copies_what_the_group_could_not_hold_twice);
	g_test_add_func("/hugetlb-cgroup/a-fork-makes-no-copy-that-the-group-has-no-memory-for",
			a_fork_makes_no_copy_that_the_group_has_no_memory_for);
	return g_test_run();
}

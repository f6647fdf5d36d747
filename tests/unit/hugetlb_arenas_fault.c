/* Explicit arenas and the reserve on the hugetlb pool; also while calls fail. */
#include <errno.h>
#include <unistd.h>

#include "fault.h"
#include "hugepool.h"
#include "support.h"

enum { POOL_PAGES = 32 };

static struct hp_arena *create(enum hp_arena_backing backing)
{
	return hp_test_arena_create(&(struct hp_arena_options){ .backing = backing });
}

static void take(struct hp_arena *arena, size_t count, size_t bytes)
{
	for (size_t i = 0; i < count; i++) {
		void *block = hp_arena_malloc(arena, bytes);

		g_assert_nonnull(block);
		hp_test_touch(block, bytes);
	}
}

static void an_arena_on_the_pool_in_a_heap_that_is_not(void)
{
	struct hp_arena *arena;

	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=thp", POOL_PAGES))
		return;
	hp_test_touch(hp_malloc(5 * HP_MIB), 5 * HP_MIB);
	arena = create(HP_ARENA_BACKING_HUGETLB);
	take(arena, 1000, 1000);
	take(arena, 10, HP_MIB);
	g_assert_cmpuint(hp_test_arena_stats(arena).hugetlb_bytes, ==,
			 hp_test_arena_stats(arena).held_bytes);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==,
			 (POOL_PAGES - hp_test_pool_free_pages()) * HP_TEST_HUGEPAGE);
	/* Beyond the pool the heap goes on, as ever. */
	take(arena, 80, HP_MIB);
	g_assert_cmpuint(hp_test_pool_free_pages(), ==, 0);
	g_assert_cmpuint(hp_test_arena_stats(arena).thp_bytes +
				 hp_test_arena_stats(arena).base_bytes,
			 >=, 20 * HP_MIB);
	hp_arena_destroy(arena);
	g_assert_cmpuint(hp_test_pool_free_pages(), ==, POOL_PAGES);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, 0);
}

static void an_arena_off_the_pool_in_a_heap_that_is_on_it(void)
{
	struct hp_arena *arena;
	unsigned free_pages;

	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=auto HPALLOC_WARMUP=0", POOL_PAGES))
		return;
	hp_test_touch(hp_malloc(100), 100);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, >, 0);
	free_pages = hp_test_pool_free_pages();
	arena = create(HP_ARENA_BACKING_BASE);
	take(arena, 30, HP_MIB);
	g_assert_cmpuint(hp_test_arena_stats(arena).base_bytes, ==,
			 hp_test_arena_stats(arena).held_bytes);
	g_assert_cmpuint(hp_test_pool_free_pages(), ==, free_pages);
	hp_arena_destroy(arena);
	/* Its slots serve the heap again, on the pool. */
	for (size_t i = 0; i < 10; i++)
		hp_test_touch(hp_malloc(1900 * HP_KIB), 1900 * HP_KIB);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, hp_test_stats().heap_bytes);
}

static void a_very_large_block_of_such_an_arena_is_on_the_pool(void)
{
	struct hp_arena *arena;

	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=thp HPALLOC_LAZY_MIN=2M", POOL_PAGES))
		return;
	arena = create(HP_ARENA_BACKING_HUGETLB);
	take(arena, 1, 40 * HP_MIB);
	g_assert_cmpuint(hp_test_arena_stats(arena).hugetlb_bytes, ==,
			 hp_test_arena_stats(arena).held_bytes);
	hp_arena_destroy(arena);
}

static void the_child_of_a_fork_has_its_copy(void)
{
	struct hp_arena *arena;
	char *block;
	pid_t child;

	if (hp_test_skips_threaded_forks() ||
	    !hp_test_fresh_with_pool("HPALLOC_BACKING=thp", POOL_PAGES))
		return;
	arena = create(HP_ARENA_BACKING_HUGETLB);
	block = hp_arena_malloc(arena, 5 * HP_MIB);
	hp_test_fill(block, 5 * HP_MIB, 3);
	child = fork();
	if (child == 0) {
		g_assert_true(hp_test_is_filled(block, 5 * HP_MIB, 3));
		hp_free(block);
		take(arena, 10, HP_MIB);
		hp_arena_reset(arena);
		take(arena, 10, HP_MIB);
		hp_arena_destroy(arena);
		_exit(0);
	}
	hp_test_child_did_well(child);
	g_assert_true(hp_test_is_filled(block, 5 * HP_MIB, 3));
	g_assert_cmpuint(hp_test_arena_stats(arena).hugetlb_bytes, ==,
			 hp_test_arena_stats(arena).held_bytes);
	hp_arena_destroy(arena);
}

static void a_reserve_is_taken_from_the_pool(void)
{
	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=auto HPALLOC_WARMUP=0 HPALLOC_DECAY_MS=0",
				     POOL_PAGES))
		return;
	g_assert_cmpuint(hp_pool_reserve(20 * HP_TEST_HUGEPAGE), ==, 20 * HP_TEST_HUGEPAGE);
	g_assert_cmpuint(hp_test_pool_free_pages(), ==, POOL_PAGES - 20);
	for (int i = 0; i < 100; i++)
		hp_free(hp_malloc(500 * HP_KIB));
	hp_thread_idle();
	g_assert_cmpuint(hp_test_pool_free_pages(), ==, POOL_PAGES - 20);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, 20 * HP_TEST_HUGEPAGE);
	/* More than there is: the rest is the next best. */
	g_assert_cmpuint(hp_pool_reserve(40 * HP_TEST_HUGEPAGE), ==, 40 * HP_TEST_HUGEPAGE);
	g_assert_cmpuint(hp_test_pool_free_pages(), ==, 0);
	hp_trim(0);
	g_assert_cmpuint(hp_test_pool_free_pages(), ==, POOL_PAGES);
}

static void a_strict_heap_reserves_what_the_pool_has(void)
{
	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=hugetlb HPALLOC_STRICT=1 HPALLOC_WARMUP=0",
				     POOL_PAGES))
		return;
	g_assert_cmpuint(hp_pool_reserve(HP_GIB), ==, POOL_PAGES * HP_TEST_HUGEPAGE);
	g_assert_nonnull(hp_malloc(40 * HP_MIB));
}

static void pool_max_and_pool_leave_change_at_run_time(void)
{
	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=auto HPALLOC_WARMUP=0", POOL_PAGES))
		return;
	g_assert_cmpint(hp_option_set("pool_max", "8M"), ==, 0);
	g_assert_cmpuint(hp_pool_reserve(20 * HP_MIB), ==, 20 * HP_MIB);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, 8 * HP_MIB);
	hp_trim(0);
	g_assert_cmpint(hp_option_set("pool_max", "default"), ==, 0);
	g_assert_cmpint(hp_option_set("pool_leave", "44M"), ==, 0);
	g_assert_cmpuint(hp_pool_reserve(30 * HP_MIB), ==, 30 * HP_MIB);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, 20 * HP_MIB);
}

static void use(enum hp_arena_backing backing)
{
	struct hp_arena_options options = { .backing = backing };
	struct hp_arena *arena = hp_arena_create(&options, sizeof(options));
	char *block;

	for (size_t i = 0; arena && i < 20; i++) {
		block = hp_arena_malloc(arena, 150 * HP_KIB * i);
		if (!block)
			continue;
		hp_test_fill(block, 150 * HP_KIB * i, i);
		block = hp_realloc(block, 300 * HP_KIB * (i + 1));
		if (block)
			g_assert_true(hp_test_is_filled(block, 150 * HP_KIB * i, i));
	}
	if (arena)
		hp_arena_destroy(arena);
}

static void run(void)
{
	use(HP_ARENA_BACKING_DEFAULT);
	hp_pool_reserve(8 * HP_MIB);
	use(HP_ARENA_BACKING_BASE);
	use(HP_ARENA_BACKING_THP);
	hp_trim(0);
}

static void nothing_is_lost_where_calls_fail(void)
{
	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=auto HPALLOC_WARMUP=0", POOL_PAGES))
		return;
	for (unsigned i = HP_FAULT_check_machine + 1; i < HP_FAULT_COUNT; i++) {
		hp_fault_all_of((enum hp_fault)i);
		run();
		hp_fault_none();
		run();
		g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
		g_assert_cmpuint(hp_test_stats().idle_bytes, ==, 0);
	}
	for (unsigned n = 1; n < 40; n++) {
		hp_fault_nth(n);
		run();
		hp_fault_none();
	}
	/* What the pool has promised and could not be let off goes when it is asked again. */
	hp_test_sleep_ms(200);
	run();
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, 0);
	g_assert_cmpuint(hp_test_pool_free_pages(), ==, POOL_PAGES);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hugetlb/an-arena-on-the-pool-in-a-heap-that-is-not",
			an_arena_on_the_pool_in_a_heap_that_is_not);
	g_test_add_func("/hugetlb/an-arena-off-the-pool-in-a-heap-that-is-on-it",
			an_arena_off_the_pool_in_a_heap_that_is_on_it);
	g_test_add_func("/hugetlb/a-very-large-block-of-such-an-arena-is-on-the-pool",
			a_very_large_block_of_such_an_arena_is_on_the_pool);
	g_test_add_func("/hugetlb/the-child-of-a-fork-has-its-copy",
			the_child_of_a_fork_has_its_copy);
	g_test_add_func("/hugetlb/a-reserve-is-taken-from-the-pool",
			a_reserve_is_taken_from_the_pool);
	g_test_add_func("/hugetlb/a-strict-heap-reserves-what-the-pool-has",
			a_strict_heap_reserves_what_the_pool_has);
	g_test_add_func("/hugetlb/pool-max-and-pool-leave-change-at-run-time",
			pool_max_and_pool_leave_change_at_run_time);
	g_test_add_func("/hugetlb/nothing-is-lost-where-calls-fail",
			nothing_is_lost_where_calls_fail);
	return g_test_run();
}

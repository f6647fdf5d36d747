/*
 * HPALLOC_LIMIT and HPALLOC_LIMIT_SOFT: what the heap holds never exceeds the first, what idles
 * goes before a request is refused, and what is freed can be had again.
 */
#include <errno.h>

#include "limit.h"
#include "support.h"

static void *blocks[64];

static void free_all(size_t count)
{
	for (size_t i = 0; i < count; i++)
		hp_free(blocks[i]);
}

static void a_limit_is_enomem_and_no_more(void)
{
	if (hp_test_fresh("HPALLOC_LIMIT=20M"))
		hp_test_limit_holds(HP_MIB, 20 * HP_MIB, 17 * HP_MIB);
}

static void a_limit_holds_for_small_blocks(void)
{
	if (hp_test_fresh("HPALLOC_LIMIT=20M"))
		hp_test_limit_holds(10000, 20 * HP_MIB, 16 * HP_MIB);
}

static void a_limit_holds_for_blocks_over_several_huge_pages(void)
{
	if (hp_test_fresh("HPALLOC_LIMIT=40M"))
		hp_test_limit_holds(5 * HP_MIB, 40 * HP_MIB, 30 * HP_MIB);
}

static void base_pages_count_by_units(void)
{
	if (hp_test_fresh("HPALLOC_BACKING=base HPALLOC_LIMIT=4M"))
		hp_test_limit_holds(15 * HP_KIB, 4 * HP_MIB, 3500 * HP_KIB);
}

static void base_pages_of_a_block_over_several_slots_count_by_units(void)
{
	if (hp_test_fresh("HPALLOC_BACKING=base HPALLOC_LIMIT=8M"))
		hp_test_limit_holds(2500 * HP_KIB, 8 * HP_MIB, 7500 * HP_KIB);
}

/* The huge page that the warm-up would become is more than is left. */
static void the_warmup_stays_on_base_pages_under_a_limit(void)
{
	void *small, *large;

	if (!hp_test_fresh("HPALLOC_WARMUP=2M HPALLOC_LIMIT=3M"))
		return;
	small = hp_malloc(900 * HP_KIB);
	hp_test_touch(small, 900 * HP_KIB);
	large = hp_malloc(1500 * HP_KIB);
	g_assert_true(small && large);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 3 * HP_MIB);
	g_assert_cmpuint(hp_test_stats().base_bytes, >=, 900 * HP_KIB);
	hp_free(small);
	hp_free(large);
}

static void the_warmup_stays_small_under_a_limit(void)
{
	if (hp_test_fresh("HPALLOC_LIMIT=3M"))
		hp_test_limit_holds(15 * HP_KIB, 3 * HP_MIB, 2500 * HP_KIB);
}

static void a_limit_holds_for_realloc_and_calloc(void)
{
	void *block, *larger;

	if (!hp_test_fresh("HPALLOC_LIMIT=20M"))
		return;
	block = hp_malloc(10 * HP_MIB);
	hp_test_fill(block, 10 * HP_MIB, 1);
	HP_TEST_TOO_MUCH(hp_calloc(12, HP_MIB));
	errno = 0;
	larger = hp_realloc(block, 30 * HP_MIB);
	g_assert_null(larger);
	g_assert_cmpint(errno, ==, ENOMEM);
	g_assert_true(hp_test_is_filled(block, 10 * HP_MIB, 1));
	hp_free(block);
	block = hp_calloc(12, HP_MIB);
	g_assert_true(hp_test_is_zero(block, 12 * HP_MIB));
	hp_free(block);
}

/* Pages that move are not held twice. */
static void a_block_moves_within_the_limit(void)
{
	void *block, *behind;

	if (!hp_test_fresh("HPALLOC_LIMIT=100M HPALLOC_WARMUP=0"))
		return;
	block = hp_malloc(60 * HP_MIB);
	hp_test_fill(block, 60 * HP_MIB, 1);
	behind = hp_malloc(2 * HP_MIB);
	block = hp_realloc(block, 70 * HP_MIB);
	g_assert_nonnull(block);
	g_assert_true(hp_test_is_filled(block, 60 * HP_MIB, 1));
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 100 * HP_MIB);
	hp_free(behind);
	hp_free(block);
}

static void what_idles_goes_before_a_request_is_refused(void)
{
	void *large;

	if (!hp_test_fresh("HPALLOC_LIMIT=40M HPALLOC_IDLE_MAX=40M HPALLOC_WARMUP=0"))
		return;
	/* Every other one is kept: what idles is no room in a row. */
	for (size_t i = 0; i < 19; i++)
		blocks[i] = hp_malloc(2 * HP_MIB - 16 * HP_KIB);
	for (size_t i = 0; i < 19; i += 2)
		hp_free(blocks[i]);
	g_assert_cmpuint(hp_test_stats().idle_bytes, >=, 16 * HP_MIB);
	large = hp_malloc(18 * HP_MIB);
	g_assert_nonnull(large);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 40 * HP_MIB);
	hp_free(large);
}

/* There would be no room for a copy. */
static void what_idles_goes_before_a_block_has_to_move(void)
{
	void *block, *idle;

	if (!hp_test_fresh("HPALLOC_LIMIT=100M HPALLOC_IDLE_MAX=1G HPALLOC_WARMUP=0"))
		return;
	idle = hp_malloc(32 * HP_MIB);
	block = hp_malloc(60 * HP_MIB);
	hp_test_fill(block, 60 * HP_MIB, 1);
	hp_free(idle);
	g_assert_cmpuint(hp_test_stats().idle_bytes, ==, 32 * HP_MIB);
	g_assert_true(hp_realloc(block, 80 * HP_MIB) == block);
	g_assert_true(hp_test_is_filled(block, 60 * HP_MIB, 1));
	hp_free(block);
}

static gpointer leave_much(gpointer data)
{
	void *mine[64];

	(void)data;
	for (size_t i = 0; i < HP_TEST_COUNT(mine); i++)
		mine[i] = hp_malloc(100 * HP_KIB);
	for (size_t i = 0; i < HP_TEST_COUNT(mine); i++)
		blocks[i] = mine[i];
	return NULL;
}

/* Freed by us, but in an ended thread's slabs: only the last resort finds it. */
static void what_ended_threads_left_goes_before_a_request_is_refused(void)
{
	void *large;

	if (!hp_test_fresh("HPALLOC_LIMIT=12M HPALLOC_WARMUP=0"))
		return;
	g_thread_join(g_thread_new("leaver", leave_much, NULL));
	free_all(64);
	large = hp_malloc(9 * HP_MIB);
	g_assert_nonnull(large);
	hp_free(large);
}

static gpointer take_and_give(gpointer data)
{
	uint64_t random = GPOINTER_TO_SIZE(data);
	void *mine[4] = { NULL };

	for (int i = 0; i < 3000; i++) {
		size_t at = hp_test_random(&random) % HP_TEST_COUNT(mine);
		size_t bytes = hp_test_random(&random) % (3 * HP_MIB / 2) + 1;

		hp_free(mine[at]);
		mine[at] = hp_malloc(bytes);
		if (mine[at])
			hp_test_touch(mine[at], bytes);
	}
	for (size_t at = 0; at < HP_TEST_COUNT(mine); at++)
		hp_free(mine[at]);
	return NULL;
}

static void a_limit_holds_for_all_threads_together(void)
{
	GThread *threads[4];
	void *block;

	if (!hp_test_fresh("HPALLOC_LIMIT=16M"))
		return;
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		threads[i] = g_thread_new("taker", take_and_give, GSIZE_TO_POINTER(i + 1));
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		g_thread_join(threads[i]);
	g_assert_cmpuint(hp_test_stats().peak_bytes, <=, 16 * HP_MIB);
	/* No grant was forgotten: all of the limit can be had. */
	hp_trim(0);
	block = hp_malloc(12 * HP_MIB);
	g_assert_nonnull(block);
	hp_free(block);
}

static void a_soft_limit_keeps_nothing_idle(void)
{
	void *block;

	if (!hp_test_fresh("HPALLOC_LIMIT_SOFT=10M HPALLOC_IDLE_MAX=1G HPALLOC_DECAY_MS=3600000"))
		return;
	for (size_t i = 0; i < 30; i++)
		blocks[i] = hp_malloc(2 * HP_MIB);
	g_assert_cmpuint(hp_test_stats().heap_bytes, >, 50 * HP_MIB);
	free_all(30);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 10 * HP_MIB);
	/* What idles below it goes before the heap grows beyond it. */
	block = hp_malloc(9 * HP_MIB);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 12 * HP_MIB);
	hp_free(block);
}

/* Blocks of a class that come and go in a swing: the ring of empty slabs learns to keep some. */
static void a_soft_limit_empties_what_threads_keep(void)
{
	void *held;
	uint64_t before;

	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh("HPALLOC_WARMUP=0 HPALLOC_LIMIT_SOFT=4M HPALLOC_DECAY_MS=3600000"))
		return;
	held = hp_malloc(6 * HP_MIB);
	before = hp_test_stats().heap_bytes;
	for (int round = 0; round < 10; round++) {
		for (size_t i = 0; i < 60; i++)
			blocks[i] = hp_malloc(15 * HP_KIB);
		free_all(60);
	}
	g_assert_cmpuint(hp_test_stats().heap_bytes, ==, before);
	hp_free(held);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/heap-limit/a-limit-is-enomem-and-no-more", a_limit_is_enomem_and_no_more);
	g_test_add_func("/heap-limit/a-limit-holds-for-small-blocks",
			a_limit_holds_for_small_blocks);
	g_test_add_func("/heap-limit/a-limit-holds-for-blocks-over-several-huge-pages",
			a_limit_holds_for_blocks_over_several_huge_pages);
	g_test_add_func("/heap-limit/base-pages-count-by-units", base_pages_count_by_units);
	g_test_add_func("/heap-limit/base-pages-of-a-block-over-several-slots-count-by-units",
			base_pages_of_a_block_over_several_slots_count_by_units);
	g_test_add_func("/heap-limit/the-warmup-stays-on-base-pages-under-a-limit",
			the_warmup_stays_on_base_pages_under_a_limit);
	g_test_add_func("/heap-limit/the-warmup-stays-small-under-a-limit",
			the_warmup_stays_small_under_a_limit);
	g_test_add_func("/heap-limit/a-limit-holds-for-realloc-and-calloc",
			a_limit_holds_for_realloc_and_calloc);
	g_test_add_func("/heap-limit/a-block-moves-within-the-limit",
			a_block_moves_within_the_limit);
	g_test_add_func("/heap-limit/what-idles-goes-before-a-request-is-refused",
			what_idles_goes_before_a_request_is_refused);
	g_test_add_func("/heap-limit/what-idles-goes-before-a-block-has-to-move",
			what_idles_goes_before_a_block_has_to_move);
	g_test_add_func("/heap-limit/what-ended-threads-left-goes-before-a-request-is-refused",
			what_ended_threads_left_goes_before_a_request_is_refused);
	g_test_add_func("/heap-limit/a-limit-holds-for-all-threads-together",
			a_limit_holds_for_all_threads_together);
	g_test_add_func("/heap-limit/a-soft-limit-keeps-nothing-idle",
			a_soft_limit_keeps_nothing_idle);
	g_test_add_func("/heap-limit/a-soft-limit-empties-what-threads-keep",
			a_soft_limit_empties_what_threads_keep);
	return g_test_run();
}

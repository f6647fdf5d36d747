/*
 * Large blocks: runs of units whose tails others can use, lazy where they are very large, given
 * back within the bounds on idle memory.
 */
#include <errno.h>

#include "support.h"

static void a_sparse_block_of_10_gb_costs_what_is_touched(void)
{
	uint64_t before, held;
	unsigned char *block;

	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh(""))
		return;
	hp_free(hp_malloc(1));
	before = hp_test_resident_bytes();
	block = hp_malloc(10 * HP_GIB);
	g_assert_nonnull(block);
	for (size_t i = 0; i < 10; i++)
		hp_test_fill(block + i * HP_GIB, 100, i);
	held = hp_test_resident_bytes() - before;
	g_assert_cmpuint(held, <=, 10 * HP_TEST_HUGEPAGE + 8 * HP_MIB);
	for (size_t i = 0; i < 10; i++)
		g_assert_true(hp_test_is_filled(block + i * HP_GIB, 100, i));
	hp_free(block);
	g_assert_cmpuint(hp_test_resident_bytes() - before, <=, 16 * HP_MIB);
}

static void a_sparse_calloc_of_10_gb_costs_what_is_touched(void)
{
	uint64_t before;
	unsigned char *block;

	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh(""))
		return;
	before = hp_test_resident_bytes();
	block = hp_calloc(10, HP_GIB);
	g_assert_nonnull(block);
	g_assert_cmpuint(hp_test_resident_bytes() - before, <=, 8 * HP_MIB);
	g_assert_cmpint(block[7 * HP_GIB + 123], ==, 0);
	hp_free(block);
}

/* What blocks of 2.1 MB leave of their last hugepages is room for as many of 1 MB. */
static void tail_units_of_the_last_hugepage_are_used(void)
{
	enum { BLOCKS = 100 };
	const size_t bytes = HP_TEST_HUGEPAGE + 100 * HP_KIB;
	void *blocks[BLOCKS], *smaller[BLOCKS];
	uint64_t before;

	if (!hp_test_fresh(""))
		return;
	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = hp_malloc(bytes);
	before = hp_test_stats().heap_bytes;
	for (size_t i = 0; i < BLOCKS; i++) {
		smaller[i] = hp_malloc(HP_MIB);
		hp_test_fill(blocks[i], bytes, i);
		hp_test_fill(smaller[i], HP_MIB, i);
	}
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, before + HP_TEST_HUGEPAGE);
	for (size_t i = 0; i < BLOCKS; i++) {
		g_assert_true(hp_test_is_filled(blocks[i], bytes, i));
		g_assert_true(hp_test_is_filled(smaller[i], HP_MIB, i));
		hp_free(blocks[i]);
		hp_free(smaller[i]);
	}
}

/* Small blocks find room beside large ones: nothing new is taken for them. */
static void small_blocks_live_in_the_tails_of_large_ones(void)
{
	enum { BLOCKS = 32, SMALL = 8192 };
	void **small = g_new(void *, SMALL);
	void *large[BLOCKS];
	uint64_t before;

	if (!hp_test_fresh("")) {
		g_free(small);
		return;
	}
	for (size_t i = 0; i < BLOCKS; i++)
		large[i] = hp_malloc(HP_TEST_HUGEPAGE + HP_MIB);
	before = hp_test_stats().heap_bytes;
	for (size_t i = 0; i < SMALL; i++)
		small[i] = hp_malloc(256);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, before + HP_TEST_HUGEPAGE);
	for (size_t i = 0; i < SMALL; i++)
		hp_free(small[i]);
	for (size_t i = 0; i < BLOCKS; i++)
		hp_free(large[i]);
	g_free(small);
}

static void freed_large_blocks_stay_within_the_idle_bound(void)
{
	if (!hp_test_fresh("HPALLOC_IDLE_MAX=8M HPALLOC_DECAY_MS=3600000"))
		return;
	for (size_t bytes = 256 * HP_KIB; bytes <= 256 * HP_MIB; bytes *= 2) {
		void *first = hp_malloc(bytes);
		void *second = hp_malloc(bytes);

		hp_test_touch(first, bytes);
		hp_test_touch(second, bytes);
		hp_free(first);
		hp_free(second);
		g_assert_cmpuint(hp_test_stats().idle_bytes, <=, 8 * HP_MIB);
		g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 8 * HP_MIB + 3 * HP_TEST_HUGEPAGE);
	}
}

/* The same large block again and again is no reason to ask the kernel for it each time. */
static void a_large_block_taken_again_and_again_is_not_purged_each_time(void)
{
	enum { ROUNDS = 200 };
	struct hp_stats before, after;

	if (!hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	hp_free(hp_malloc(3 * HP_MIB));
	before = hp_test_stats();
	for (int i = 0; i < ROUNDS; i++) {
		void *block = hp_malloc(3 * HP_MIB);

		hp_test_touch(block, 3 * HP_MIB);
		hp_free(block);
	}
	after = hp_test_stats();
	g_assert_cmpuint(after.purged_bytes - before.purged_bytes, <=, ROUNDS / 10 * 3 * HP_MIB);
}

/* Blocks of many sizes come and go for long: holes are found again, the heap does not creep. */
static void churn_of_large_blocks_does_not_creep(void)
{
	enum { SLOTS = 64 };
	const int rounds = hp_test_is_full() ? 200000 : 20000;
	void *blocks[SLOTS] = { NULL };
	uint64_t random = 5;
	uint64_t early = 0;

	if (!hp_test_fresh(""))
		return;
	for (int round = 0; round < rounds; round++) {
		size_t slot = hp_test_random(&random) % SLOTS;

		hp_free(blocks[slot]);
		blocks[slot] = hp_malloc(200 * HP_KIB + hp_test_random(&random) % (4 * HP_MIB));
		g_assert_nonnull(blocks[slot]);
		if (round == rounds / 4)
			early = hp_test_stats().peak_bytes;
	}
	g_assert_cmpuint(hp_test_stats().peak_bytes, <=, early + early / 4);
	for (size_t i = 0; i < SLOTS; i++)
		hp_free(blocks[i]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/large/a-sparse-block-of-10-gb-costs-what-is-touched",
			a_sparse_block_of_10_gb_costs_what_is_touched);
	g_test_add_func("/large/a-sparse-calloc-of-10-gb-costs-what-is-touched",
			a_sparse_calloc_of_10_gb_costs_what_is_touched);
	g_test_add_func("/large/tail-units-of-the-last-hugepage-are-used",
			tail_units_of_the_last_hugepage_are_used);
	g_test_add_func("/large/small-blocks-live-in-the-tails-of-large-ones",
			small_blocks_live_in_the_tails_of_large_ones);
	g_test_add_func("/large/freed-large-blocks-stay-within-the-idle-bound",
			freed_large_blocks_stay_within_the_idle_bound);
	g_test_add_func("/large/a-large-block-taken-again-and-again-is-not-purged-each-time",
			a_large_block_taken_again_and_again_is_not_purged_each_time);
	g_test_add_func("/large/churn-of-large-blocks-does-not-creep",
			churn_of_large_blocks_does_not_creep);
	return g_test_run();
}

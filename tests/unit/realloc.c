/*
 * hp_realloc(): the content stays, in every direction between small, middle and large blocks.
 * How much it copies is in realloc_growth.c.
 */
#include <errno.h>
#include <sys/mman.h>

#include "support.h"

static const size_t sizes[] = { 1,
				15,
				16,
				17,
				100,
				129,
				1000,
				4096,
				20000,
				100 * HP_KIB,
				128 * HP_KIB,
				129 * HP_KIB,
				300 * HP_KIB,
				HP_MIB,
				2 * HP_MIB,
				2 * HP_MIB + 1,
				5 * HP_MIB,
				33 * HP_MIB };

static void content_is_kept_between_all_pairs_of_sizes(void)
{
	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		for (size_t j = 0; j < HP_TEST_COUNT(sizes); j++) {
			void *block = hp_malloc(sizes[i]);
			uint64_t seed = i * 100 + j;

			g_assert_nonnull(block);
			hp_test_fill(block, sizes[i], seed);
			block = hp_realloc(block, sizes[j]);
			g_assert_nonnull(block);
			g_assert_cmpuint((uintptr_t)block % 16, ==, 0);
			g_assert_cmpuint(hp_malloc_usable_size(block), >=, sizes[j]);
			g_assert_true(hp_test_is_filled(block, MIN(sizes[i], sizes[j]), seed));
			hp_test_fill(block, hp_malloc_usable_size(block), seed);
			hp_free(block);
		}
	}
}

/* Neighbours stand close by while one block wanders through random sizes. */
static void neighbours_are_left_alone(void)
{
	void *neighbours[64];
	uint64_t random = 7;
	void *block = NULL;
	size_t bytes = 0;

	for (size_t i = 0; i < HP_TEST_COUNT(neighbours); i++) {
		neighbours[i] = hp_malloc(i * 5000);
		hp_test_fill(neighbours[i], i * 5000, i);
	}
	for (int round = 0; round < 2000; round++) {
		size_t next = 1 + (hp_test_random(&random) & 0x3fffff) %
					  ((size_t)1 << (4 + hp_test_random(&random) % 19));

		block = hp_realloc(block, next);
		g_assert_nonnull(block);
		g_assert_true(hp_test_is_filled(block, MIN(bytes, next), 99));
		hp_test_fill(block, next, 99);
		bytes = next;
	}
	hp_free(block);
	for (size_t i = 0; i < HP_TEST_COUNT(neighbours); i++) {
		g_assert_true(hp_test_is_filled(neighbours[i], i * 5000, i));
		hp_free(neighbours[i]);
	}
}

static void realloc_to_0_frees_and_returns_null(void)
{
	uint64_t before = hp_test_stats().in_use_bytes;

	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		void *block = hp_malloc(sizes[i]);

		g_assert_null(hp_realloc(block, 0));
		block = hp_malloc(sizes[i]);
		g_assert_null(hp_reallocarray(block, 0, 8));
	}
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, before);
}

static void realloc_of_null_is_malloc(void)
{
	void *block;

	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		block = hp_realloc(NULL, sizes[i]);
		g_assert_cmpuint(hp_malloc_usable_size(block), ==, hp_good_size(sizes[i]));
		hp_free(block);
	}
	block = hp_realloc(NULL, 0);
	g_assert_nonnull(block);
	hp_free(block);
	block = hp_reallocarray(NULL, 10, 10);
	g_assert_cmpuint(hp_malloc_usable_size(block), >=, 100);
	hp_free(block);
}

static void reallocarray_keeps_the_content(void)
{
	void *block = hp_reallocarray(NULL, 100, 8);

	hp_test_fill(block, 800, 3);
	block = hp_reallocarray(block, 100000, 8);
	g_assert_cmpuint(hp_malloc_usable_size(block), >=, 800000);
	g_assert_true(hp_test_is_filled(block, 800, 3));
	hp_free(block);
}

/* What was given up can be had by others: ten large blocks shrink, and the heap with them. */
static void a_block_that_shrinks_gives_memory_back(void)
{
	void *blocks[10];

	if (!hp_test_fresh("HPALLOC_DECAY_MS=0"))
		return;
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++) {
		blocks[i] = hp_malloc(64 * HP_MIB);
		hp_test_touch(blocks[i], 64 * HP_MIB);
	}
	g_assert_cmpuint(hp_test_stats().heap_bytes, >=, 640 * HP_MIB);
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		blocks[i] = hp_realloc(blocks[i], HP_MIB);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 64 * HP_MIB);
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++) {
		blocks[i] = hp_realloc(blocks[i], 100);
		g_assert_cmpuint(hp_malloc_usable_size(blocks[i]), <, HP_KIB);
		hp_free(blocks[i]);
	}
}

/* A foreign page right behind the main region: the heap goes on elsewhere. */
static void blocks_beside_the_main_region_stay_where_they_fit(void)
{
	enum { BLOCKS = 100000 };
	char **blocks, *end, *same;

	if (!hp_test_fresh(""))
		return;
	end = hp_malloc(16);
	end += HP_TEST_HUGEPAGE - (uintptr_t)end % HP_TEST_HUGEPAGE;
	while (hp_owns(end))
		end += HP_TEST_HUGEPAGE;
	g_assert_true(mmap(end, HP_TEST_PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == end);
	blocks = g_new(char *, BLOCKS);
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = hp_malloc(100);
		hp_test_fill(blocks[i], 100, i);
		g_assert_true(hp_realloc(blocks[i], 100) == blocks[i]);
		same = hp_realloc(blocks[i], 70);
		g_assert_true(same == blocks[i] || hp_test_is_hardened()); /* may be guarded */
		blocks[i] = same;
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = hp_realloc(blocks[i], 200);
		g_assert_true(hp_test_is_filled(blocks[i], 70, i));
		hp_free(blocks[i]);
	}
	g_free(blocks);
}

/* Room for the next step must not make a large block of one that a class has. */
static void a_block_that_grows_is_of_the_size_that_was_asked_for(void)
{
	const size_t most = 128 * HP_KIB;

	for (size_t bytes = most / 2; bytes < most; bytes += 1000) {
		for (size_t more = bytes + 1; more <= most; more += 1111)
			hp_free_sized(hp_realloc(hp_malloc(bytes), more), more);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/realloc/content-is-kept-between-all-pairs-of-sizes",
			content_is_kept_between_all_pairs_of_sizes);
	g_test_add_func("/realloc/neighbours-are-left-alone", neighbours_are_left_alone);
	g_test_add_func("/realloc/to-0-frees-and-returns-null",
			realloc_to_0_frees_and_returns_null);
	g_test_add_func("/realloc/of-null-is-malloc", realloc_of_null_is_malloc);
	g_test_add_func("/realloc/reallocarray-keeps-the-content", reallocarray_keeps_the_content);
	g_test_add_func("/realloc/a-block-that-shrinks-gives-memory-back",
			a_block_that_shrinks_gives_memory_back);
	g_test_add_func("/realloc/a-block-that-grows-is-of-the-size-that-was-asked-for",
			a_block_that_grows_is_of_the_size_that_was_asked_for);
	g_test_add_func("/realloc/blocks-beside-the-main-region-stay-where-they-fit",
			blocks_beside_the_main_region_stay_where_they_fit);
	return g_test_run();
}

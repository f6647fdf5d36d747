/*
 * Large blocks grow without being copied: in place, or by moving pages. Copied bytes are those
 * that hp_stats counts, on transparent huge pages.
 */
#include <errno.h>

#include "support.h"

/* Grows to `end` by `grow`, each byte's page touched; returns what was copied meanwhile. */
static uint64_t grow(size_t start, size_t end, size_t (*next)(size_t))
{
	uint64_t before = hp_test_stats().realloc_copied_bytes;
	unsigned char *block = hp_malloc(start);
	size_t bytes = start;

	g_assert_nonnull(block);
	hp_test_fill(block, HP_TEST_PAGE, 5);
	hp_test_touch(block + HP_TEST_PAGE, bytes - HP_TEST_PAGE);
	while (bytes < end) {
		size_t larger = MIN(next(bytes), end);

		block = hp_realloc(block, larger);
		g_assert_nonnull(block);
		g_assert_cmpint(block[bytes / 2 / HP_TEST_PAGE * HP_TEST_PAGE], ==, 1);
		hp_test_touch(block + bytes / HP_TEST_PAGE * HP_TEST_PAGE,
			      larger - bytes / HP_TEST_PAGE * HP_TEST_PAGE);
		bytes = larger;
	}
	g_assert_true(hp_test_is_filled(block, HP_TEST_PAGE, 5));
	for (size_t i = HP_TEST_PAGE; i < end; i += HP_TEST_PAGE)
		g_assert_cmpint(block[i], ==, 1);
	hp_free(block);
	return hp_test_stats().realloc_copied_bytes - before;
}

static size_t doubled(size_t bytes)
{
	return 2 * bytes;
}

static size_t a_tenth_more(size_t bytes)
{
	return bytes + bytes / 10;
}

static size_t a_page_more(size_t bytes)
{
	return bytes + HP_TEST_PAGE;
}

static void doubling_from_1_mb_to_1_gb_copies_nothing(void)
{
	if (!hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	g_assert_cmpuint(grow(HP_MIB, HP_GIB, doubled), ==, 0);
}

/* As a program does it: other blocks are taken behind the one that grows. */
static void doubling_among_other_blocks_copies_nothing(void)
{
	void *others[11] = { NULL };
	void *block;
	size_t count = 0;

	if (!hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	block = hp_malloc(HP_MIB);
	for (size_t bytes = HP_MIB; bytes < 512 * HP_MIB; bytes *= 2) {
		hp_test_fill(block, bytes, bytes);
		others[count++] = hp_malloc(3 * HP_MIB);
		block = hp_realloc(block, 2 * bytes);
		g_assert_nonnull(block);
		g_assert_true(hp_test_is_filled(block, bytes, bytes));
	}
	g_assert_cmpuint(hp_test_stats().realloc_copied_bytes, ==, 0);
	hp_free(block);
	for (size_t i = 0; i < count; i++)
		hp_free(others[i]);
}

/* A copy at each step would be some 11 times the final size; two of the final size may be. */
static void steps_of_a_tenth_to_512_mb_are_never_quadratic(void)
{
	if (!hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	g_assert_cmpuint(grow(256 * HP_KIB, 512 * HP_MIB, a_tenth_more), <=, 64 * HP_MIB);
}

/* 12,800 steps; a copy at each would be 320 GB. */
static void steps_of_a_page_to_50_mb_are_never_quadratic(void)
{
	if (!hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	g_assert_cmpuint(grow(256 * HP_KIB, 50 * HP_MIB, a_page_more), <=, 100 * HP_MIB);
}

static void base_pages_grow_without_copies_too(void)
{
	if (!hp_test_fresh("HPALLOC_BACKING=base"))
		return;
	g_assert_cmpuint(grow(HP_MIB, 256 * HP_MIB, doubled), ==, 0);
}

/* Holding twice the memory for the time of a copy is what growth in place avoids. */
static void the_peak_of_growth_is_near_the_final_size(void)
{
	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	grow(HP_MIB, 512 * HP_MIB, a_tenth_more);
	g_assert_cmpuint(hp_test_stats().peak_bytes, <=, 600 * HP_MIB);
}

static size_t count_mappings(void)
{
	char *maps = NULL;
	gsize bytes;
	size_t lines = 0;

	g_assert_true(g_file_get_contents("/proc/self/maps", &maps, &bytes, NULL));
	for (gsize i = 0; i < bytes; i++)
		lines += maps[i] == '\n';
	g_free(maps);
	return lines;
}

/*
 * Each move leaves mappings behind: the process has 65,530, which are the program's, too. Without
 * a bound these rounds leave 1800, and after some 100,000 rounds it is 57 a hugepage.
 */
static void moves_do_not_use_up_the_mappings(void)
{
	enum { BLOCKS = 64, ROUNDS = 10000, MOST = 1024 };
	uint64_t random = 1;
	char *blocks[BLOCKS] = { NULL };
	size_t before;

	if (hp_test_skips_measures() || !hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	before = count_mappings();
	for (int round = 0; round < ROUNDS; round++) {
		size_t i = hp_test_random(&random) % BLOCKS;

		if (hp_test_random(&random) % 4 == 0)
			g_clear_pointer(&blocks[i], hp_free);
		blocks[i] =
			hp_realloc(blocks[i], HP_MIB / 2 + hp_test_random(&random) % (3 * HP_MIB));
		g_assert_nonnull(blocks[i]);
		blocks[i][0] = 1;
	}
	g_assert_cmpuint(count_mappings(), <=,
			 before + MOST + hp_test_stats().peak_bytes / HP_TEST_HUGEPAGE);
	for (int i = 0; i < BLOCKS; i++)
		hp_free(blocks[i]);
	hp_trim(0);
	g_assert_cmpuint(count_mappings(), <=,
			 before + 100 + hp_test_stats().peak_bytes / HP_TEST_HUGEPAGE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/realloc-growth/doubling-from-1-mb-to-1-gb-copies-nothing",
			doubling_from_1_mb_to_1_gb_copies_nothing);
	g_test_add_func("/realloc-growth/doubling-among-other-blocks-copies-nothing",
			doubling_among_other_blocks_copies_nothing);
	g_test_add_func("/realloc-growth/steps-of-a-tenth-to-512-mb-are-never-quadratic",
			steps_of_a_tenth_to_512_mb_are_never_quadratic);
	g_test_add_func("/realloc-growth/steps-of-a-page-to-50-mb-are-never-quadratic",
			steps_of_a_page_to_50_mb_are_never_quadratic);
	g_test_add_func("/realloc-growth/base-pages-grow-without-copies-too",
			base_pages_grow_without_copies_too);
	g_test_add_func("/realloc-growth/the-peak-of-growth-is-near-the-final-size",
			the_peak_of_growth_is_near_the_final_size);
	g_test_add_func("/realloc-growth/moves-do-not-use-up-the-mappings",
			moves_do_not_use_up_the_mappings);
	return g_test_run();
}

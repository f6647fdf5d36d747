/* Explicit arenas, one thread: blocks, reset, destroy, limits, statistics, and bad arguments. */
#include <errno.h>
#include <string.h>

#include "support.h"

static const enum hp_arena_use uses[] = { HP_ARENA_SHARED, HP_ARENA_BOUND };

static struct hp_arena *create(enum hp_arena_use use, uint64_t limit_bytes)
{
	return hp_test_arena_create(
		&(struct hp_arena_options){ .use = use, .limit_bytes = limit_bytes });
}

static const size_t sizes[] = { 0,    1,    16,	   17,	   100,	   1000,   1024,
				1025, 5000, 20000, 131072, 131073, 300000, 3000000 };

static void *take_filled(struct hp_arena *arena, size_t bytes, uint64_t seed)
{
	void *block = hp_arena_malloc(arena, bytes);

	g_assert_nonnull(block);
	g_assert_cmpuint((uintptr_t)block % 16, ==, 0);
	g_assert_cmpuint(hp_malloc_usable_size(block), >=, bytes);
	hp_test_fill(block, bytes, seed);
	return block;
}

static void blocks_of_all_sizes_hold_what_is_written(gconstpointer use)
{
	struct hp_arena *arena = create(*(const enum hp_arena_use *)use, 0);
	void *blocks[HP_TEST_COUNT(sizes)][20];

	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		for (size_t k = 0; k < 20; k++)
			blocks[i][k] = take_filled(arena, sizes[i], i * 100 + k);
	}
	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		for (size_t k = 0; k < 20; k++) {
			g_assert_true(hp_test_is_filled(blocks[i][k], sizes[i], i * 100 + k));
			HP_TEST_KEEPS_ERRNO(hp_free(blocks[i][k]));
		}
	}
	g_assert_cmpuint(hp_test_arena_stats(arena).blocks, ==, 0);
	g_assert_cmpuint(hp_test_arena_stats(arena).in_use_bytes, ==, 0);
	hp_arena_destroy(arena);
}

static void calloc_is_zero_also_after_a_reset(gconstpointer use)
{
	struct hp_arena *arena;

	if (!hp_test_fresh("")) /* of fresh memory, too */
		return;
	arena = create(*(const enum hp_arena_use *)use, 0);
	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
			for (size_t k = 0; k < 30; k++) {
				void *block = hp_arena_calloc(arena, 1, sizes[i]);

				g_assert_true(hp_test_is_zero(block, sizes[i]));
				memset(block, 0xff, sizes[i]);
				if (k % 3 == 0)
					hp_free(block);
			}
		}
		HP_TEST_KEEPS_ERRNO(hp_arena_reset(arena));
	}
	HP_TEST_TOO_MUCH(hp_arena_calloc(arena, hp_test_opaque_bytes(SIZE_MAX / 2), 3));
	hp_arena_destroy(arena);
}

static void alignment_is_what_was_asked_for(gconstpointer use)
{
	struct hp_arena *arena = create(*(const enum hp_arena_use *)use, 0);

	for (size_t align = 1; align <= 4 * HP_MIB; align *= 2) {
		for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
			void *block = hp_arena_aligned_alloc(arena, align, sizes[i]);

			g_assert_nonnull(block);
			g_assert_cmpuint((uintptr_t)hp_test_opaque(block) % align, ==, 0);
			hp_test_fill(block, sizes[i], i);
			hp_free_aligned_sized(block, align, sizes[i]);
		}
	}
	errno = 0;
	g_assert_null(hp_arena_aligned_alloc(arena, hp_test_opaque_bytes(48), 100));
	g_assert_cmpint(errno, ==, EINVAL);
	HP_TEST_TOO_MUCH(hp_arena_aligned_alloc(arena, 2 * HP_GIB, 100));
	hp_arena_destroy(arena);
}

/* By both names. */
static void *resize(struct hp_arena *arena, void *block, size_t bytes, bool by_its_arena)
{
	return by_its_arena ? hp_arena_realloc(arena, block, bytes) : hp_realloc(block, bytes);
}

static void realloc_stays_in_the_arena(gconstpointer use)
{
	struct hp_arena *arena = create(*(const enum hp_arena_use *)use, 0);
	uint64_t random = 77;
	size_t bytes = 10;
	char *block = hp_arena_realloc(arena, NULL, bytes);

	hp_test_fill(block, bytes, 5);
	for (int i = 0; i < 500; i++) {
		size_t more = hp_test_random(&random) % (i % 5 ? 3000 : 5000000) + 1;

		block = resize(arena, block, more, i % 2);
		g_assert_nonnull(block);
		g_assert_true(hp_test_is_filled(block, MIN(bytes, more), 5));
		g_assert_cmpuint(hp_test_arena_stats(arena).blocks, ==, 1);
		bytes = more;
		hp_test_fill(block, bytes, 5);
	}
	HP_TEST_TOO_MUCH(hp_arena_realloc(arena, block, SIZE_MAX));
	g_assert_true(hp_test_is_filled(block, bytes, 5));
	g_assert_null(hp_arena_realloc(arena, block, 0));
	g_assert_cmpuint(hp_test_arena_stats(arena).blocks, ==, 0);
	hp_arena_destroy(arena);
}

/* Room for what is to come is in proportion. */
static void a_block_that_grows_by_little_gets_little_more(gconstpointer use)
{
	struct hp_arena *arena = create(*(const enum hp_arena_use *)use, 0);
	void *block = NULL;

	for (size_t bytes = 1; bytes < 20000; bytes += 3) {
		block = hp_arena_realloc(arena, block, bytes);
		g_assert_nonnull(block);
		hp_test_fill(block, bytes, 1);
		g_assert_cmpuint(hp_test_arena_stats(arena).in_use_bytes, <=,
				 bytes + bytes / 3 + 100);
	}
	hp_arena_destroy(arena);
}

static void sized_frees_know_the_blocks(gconstpointer use)
{
	struct hp_arena *arena = create(*(const enum hp_arena_use *)use, 0);

	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++)
		hp_free_sized(hp_arena_malloc(arena, sizes[i]), sizes[i]);
	g_assert_cmpuint(hp_test_arena_stats(arena).blocks, ==, 0);
	hp_arena_destroy(arena);
}

static uint64_t fill_with_blocks(struct hp_arena *arena, size_t count)
{
	uint64_t random = 3;

	for (size_t i = 0; i < count; i++) {
		size_t bytes = hp_test_random(&random) % (i % 200 ? 2000 : 500000);

		hp_test_fill(hp_arena_malloc(arena, bytes), bytes, i);
	}
	return hp_test_arena_stats(arena).held_bytes;
}

static void a_reset_frees_everything_at_once(gconstpointer use)
{
	struct hp_arena *arena = create(*(const enum hp_arena_use *)use, 0);
	uint64_t before = hp_test_stats().in_use_bytes, held = fill_with_blocks(arena, 20000),
		 again;
	struct hp_arena_stats stats = hp_test_arena_stats(arena);

	g_assert_cmpuint(stats.blocks, ==, 20000);
	g_assert_cmpuint(stats.in_use_bytes, <=, held);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, before + stats.in_use_bytes);
	hp_arena_reset(arena);
	stats = hp_test_arena_stats(arena);
	g_assert_cmpuint(stats.blocks, ==, 0);
	g_assert_cmpuint(stats.in_use_bytes, ==, 0);
	g_assert_cmpuint(stats.resets, ==, 1);
	g_assert_cmpuint(stats.held_bytes, <=, HP_MIB);
	g_assert_cmpuint(stats.peak_bytes, >=, held);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, before);
	/* The same memory serves again, a hundred times. */
	for (int i = 0; i < 100; i++) {
		again = fill_with_blocks(arena, 20000);
		g_assert_cmpuint(again, <=, held + HP_MIB);
		hp_arena_reset(arena);
	}
	g_assert_cmpuint(hp_test_arena_stats(arena).peak_bytes, <=, held + HP_MIB);
	hp_arena_destroy(arena);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, before);
}

static void destroy_gives_all_memory_back(gconstpointer use)
{
	struct hp_arena *arena;
	uint64_t before;

	if (!hp_test_fresh(""))
		return;
	hp_trim(0);
	before = hp_test_stats().heap_bytes;
	arena = create(*(const enum hp_arena_use *)use, 0);
	fill_with_blocks(arena, 50000);
	g_assert_cmpuint(hp_test_stats().heap_bytes, >, before + 40 * HP_MIB);
	HP_TEST_KEEPS_ERRNO(hp_arena_destroy(arena));
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, before + 2 * HP_MIB);
	hp_arena_destroy(NULL);
}

static void the_limit_is_kept(gconstpointer use)
{
	struct hp_arena *arena = create(*(const enum hp_arena_use *)use, HP_MIB);
	struct hp_arena_stats stats;
	size_t blocks = 0;
	void *last = NULL, *block;

	for (;; last = block, blocks++) {
		errno = 0;
		block = hp_arena_malloc(arena, 1000);
		if (!block)
			break;
		memset(block, 1, 1000);
	}
	g_assert_cmpint(errno, ==, ENOMEM);
	g_assert_cmpuint(blocks, >=, 900);
	stats = hp_test_arena_stats(arena);
	g_assert_cmpuint(stats.limit_bytes, ==, HP_MIB);
	g_assert_cmpuint(stats.peak_bytes, <=, HP_MIB);
	g_assert_cmpuint(stats.refused, >=, 1);
	HP_TEST_TOO_MUCH(hp_arena_malloc(arena, 200000));
	HP_TEST_TOO_MUCH(hp_arena_realloc(arena, last, 300000));
	hp_free(last);
	g_assert_nonnull(hp_arena_malloc(arena, 1000));
	/* All that is kept for small blocks goes for a large one. */
	hp_arena_reset(arena);
	block = hp_arena_malloc(arena, HP_MIB - 32 * HP_KIB);
	g_assert_nonnull(block);
	HP_TEST_TOO_MUCH(hp_realloc(block, 2 * HP_MIB));
	block = hp_realloc(block, 200000);
	g_assert_nonnull(block);
	hp_free(block);
	g_assert_cmpuint(hp_test_arena_stats(arena).peak_bytes, <=, HP_MIB);
	hp_arena_destroy(arena);
}

static void statistics_tell_what_there_is(void)
{
	struct hp_arena_options options = { .name = "a name of many, many more than 31 bytes",
					    .limit_bytes = 64 * HP_MIB };
	struct hp_arena *arena = hp_arena_create(&options, sizeof(options));
	struct hp_arena_stats stats = hp_test_arena_stats(arena);
	uint64_t large;

	g_assert_cmpstr(stats.name, ==, "a name of many, many more than ");
	g_assert_cmpuint(stats.held_bytes + stats.blocks + stats.peak_bytes + stats.refused, ==, 0);
	hp_test_touch(hp_arena_malloc(arena, 5 * HP_MIB), 5 * HP_MIB);
	hp_arena_malloc(arena, 100);
	stats = hp_test_arena_stats(arena);
	large = 5 * HP_MIB + (hp_test_is_hardened() ? 16 * HP_KIB : 0);
	g_assert_cmpuint(stats.large_bytes, ==, large);
	g_assert_cmpuint(stats.held_bytes, ==, large + 16 * HP_KIB);
	g_assert_cmpuint(stats.in_use_bytes, ==,
			 large + (hp_test_is_hardened() ? 112 : hp_good_size(100)));
	g_assert_cmpuint(stats.blocks, ==, 2);
	stats.blocks = 4711;
	g_assert_cmpint(hp_arena_stats_get(arena, &stats, offsetof(struct hp_arena_stats, blocks)),
			==, 0);
	g_assert_cmpuint(stats.blocks, ==, 4711);
	g_assert_cmpint(hp_arena_stats_get(arena, &stats, sizeof(stats) + 1), ==, EINVAL);
	hp_arena_destroy(arena);
}

static void refuses(const struct hp_arena_options *options, size_t bytes)
{
	errno = 0;
	g_assert_null(hp_arena_create(options, bytes));
	g_assert_cmpint(errno, ==, EINVAL);
}

static void bad_options_are_refused(void)
{
	struct hp_arena_options use = { .use = (enum hp_arena_use)2 };
	struct hp_arena_options backing = { .backing = (enum hp_arena_backing)5 };
	struct hp_arena_options fine = { 0 };
	struct hp_arena *arena;

	refuses(&use, sizeof(use));
	refuses(&backing, sizeof(backing));
	refuses(&fine, sizeof(fine) + 1);
	/* A program of an older header knows less of them. */
	arena = hp_arena_create(&use, offsetof(struct hp_arena_options, use));
	g_assert_nonnull(arena);
	hp_arena_destroy(arena);
	HP_TEST_KEEPS_ERRNO(arena = hp_arena_create(NULL, 0));
	g_assert_nonnull(arena);
	g_assert_nonnull(hp_arena_malloc(arena, 1));
	hp_arena_destroy(arena);
}

static void many_arenas_live_beside_each_other(void)
{
	struct hp_arena *arenas[300];
	char *blocks[300];

	for (size_t i = 0; i < HP_TEST_COUNT(arenas); i++) {
		arenas[i] = create(uses[i % 2], 0);
		blocks[i] = take_filled(arenas[i], 50 + i, i);
	}
	for (size_t i = 0; i < HP_TEST_COUNT(arenas); i += 2)
		hp_arena_destroy(arenas[i]);
	for (size_t i = 1; i < HP_TEST_COUNT(arenas); i += 2) {
		g_assert_true(hp_test_is_filled(blocks[i], 50 + i, i));
		hp_arena_destroy(arenas[i]);
	}
}

static void add_for_both(const char *name, GTestDataFunc run)
{
	for (size_t i = 0; i < HP_TEST_COUNT(uses); i++) {
		char *path = g_strdup_printf("/arenas/%s-%s", name, i ? "bound" : "shared");

		g_test_add_data_func(path, &uses[i], run);
		g_free(path);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add_for_both("blocks-of-all-sizes-hold-what-is-written",
		     blocks_of_all_sizes_hold_what_is_written);
	add_for_both("calloc-is-zero-also-after-a-reset", calloc_is_zero_also_after_a_reset);
	add_for_both("alignment-is-what-was-asked-for", alignment_is_what_was_asked_for);
	add_for_both("realloc-stays-in-the-arena", realloc_stays_in_the_arena);
	add_for_both("a-block-that-grows-by-little-gets-little-more",
		     a_block_that_grows_by_little_gets_little_more);
	add_for_both("sized-frees-know-the-blocks", sized_frees_know_the_blocks);
	add_for_both("a-reset-frees-everything-at-once", a_reset_frees_everything_at_once);
	add_for_both("destroy-gives-all-memory-back", destroy_gives_all_memory_back);
	add_for_both("the-limit-is-kept", the_limit_is_kept);
	g_test_add_func("/arenas/statistics-tell-what-there-is", statistics_tell_what_there_is);
	g_test_add_func("/arenas/bad-options-are-refused", bad_options_are_refused);
	g_test_add_func("/arenas/many-arenas-live-beside-each-other",
			many_arenas_live_beside_each_other);
	return g_test_run();
}

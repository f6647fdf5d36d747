/* hp_calloc(): zero, whatever the memory held before. */
#include <errno.h>

#include "support.h"

/* Dirties some blocks of the size, frees them, and takes them again by calloc. */
static void is_zero_after_reuse(size_t bytes, size_t count)
{
	unsigned char **blocks = g_new0(unsigned char *, count);

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < count; i++) {
			blocks[i] = hp_malloc(bytes);
			g_assert_nonnull(blocks[i]);
			hp_test_fill(blocks[i], hp_malloc_usable_size(blocks[i]), i);
		}
		for (size_t i = 0; i < count; i++)
			hp_free(blocks[i]);
		for (size_t i = 0; i < count; i++) {
			blocks[i] = hp_calloc(1, bytes);
			g_assert_nonnull(blocks[i]);
			g_assert_true(hp_test_is_zero(blocks[i], bytes));
			hp_test_fill(blocks[i], bytes, i);
		}
		for (size_t i = 0; i < count; i++) {
			g_assert_true(hp_test_is_filled(blocks[i], bytes, i));
			hp_free(blocks[i]);
		}
	}
	g_free(blocks);
}

static void small_blocks_are_zero_after_dirty_reuse(void)
{
	for (size_t bytes = 1; bytes <= 2048; bytes += 1 + bytes / 9)
		is_zero_after_reuse(bytes, 500);
}

static void middle_blocks_are_zero_after_dirty_reuse(void)
{
	for (size_t bytes = 2048; bytes <= 256 * HP_KIB; bytes += bytes / 3)
		is_zero_after_reuse(bytes, 40);
}

static void large_blocks_are_zero_after_dirty_reuse(void)
{
	const size_t sizes[] = { 300 * HP_KIB, 1 * HP_MIB, 3 * HP_MIB + 5000, 16 * HP_MIB,
				 64 * HP_MIB };

	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++)
		is_zero_after_reuse(sizes[i], 2);
}

/* Memory dirtied as many small blocks comes back as large ones and the other way round. */
static void memory_is_zero_after_another_class_used_it(void)
{
	enum { SMALL = 32 * 1024 };
	void **blocks = g_new0(void *, SMALL);
	void *large = NULL;

	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < SMALL; i++) {
			blocks[i] = hp_calloc(1, 256);
			g_assert_true(hp_test_is_zero(blocks[i], 256));
			hp_test_fill(blocks[i], 256, i);
		}
		for (size_t i = 0; i < SMALL; i++)
			hp_free(blocks[i]);
		large = hp_calloc(7, HP_MIB);
		g_assert_true(hp_test_is_zero(large, 7 * HP_MIB));
		hp_test_fill(large, 7 * HP_MIB, 1);
		hp_free(large);
	}
	g_free(blocks);
}

static void a_purge_between_does_not_matter(void)
{
	for (int round = 0; round < 3; round++) {
		is_zero_after_reuse(5000, 1000);
		hp_trim(0);
		is_zero_after_reuse(HP_MIB, 5);
		hp_trim(0);
	}
}

/* A block that shrank in place leaves dirty memory behind its new end. */
static void the_tail_that_realloc_gave_up_is_zero_again(void)
{
	for (int round = 0; round < 8; round++) {
		unsigned char *block = hp_malloc(8 * HP_MIB);
		unsigned char *tail;

		hp_test_fill(block, 8 * HP_MIB, 1);
		block = hp_realloc(block, (size_t)(round + 1) * 300 * HP_KIB);
		tail = hp_calloc(1, 5 * HP_MIB);
		g_assert_true(hp_test_is_zero(tail, 5 * HP_MIB));
		hp_test_fill(tail, 5 * HP_MIB, 2);
		hp_free(block);
		hp_free(tail);
	}
}

static void nothing_times_anything_is_a_block(void)
{
	void *first = hp_calloc(0, 10);
	void *second = hp_calloc(10, 0);

	g_assert_nonnull(first);
	g_assert_nonnull(second);
	g_assert_true(hp_test_opaque(first) != hp_test_opaque(second));
	hp_free(first);
	hp_free(second);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/calloc/small-blocks-are-zero-after-dirty-reuse",
			small_blocks_are_zero_after_dirty_reuse);
	g_test_add_func("/calloc/middle-blocks-are-zero-after-dirty-reuse",
			middle_blocks_are_zero_after_dirty_reuse);
	g_test_add_func("/calloc/large-blocks-are-zero-after-dirty-reuse",
			large_blocks_are_zero_after_dirty_reuse);
	g_test_add_func("/calloc/memory-is-zero-after-another-class-used-it",
			memory_is_zero_after_another_class_used_it);
	g_test_add_func("/calloc/a-purge-between-does-not-matter", a_purge_between_does_not_matter);
	g_test_add_func("/calloc/the-tail-that-realloc-gave-up-is-zero-again",
			the_tail_that_realloc_gave_up_is_zero_again);
	g_test_add_func("/calloc/nothing-times-anything-is-a-block",
			nothing_times_anything_is_a_block);
	return g_test_run();
}

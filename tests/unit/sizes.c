/*
 * Blocks of every size: as long as asked for, aligned, with little waste, of the length that
 * hp_good_size() names; what is too large is refused. See include/hpalloc/hpalloc.h.
 */
#include <errno.h>
#include <stdint.h>

#include "support.h"

#define EVERY_SIZE_TO (140 * HP_KIB)

static void each_size_is_usable_aligned_and_wastes_little(void)
{
	for (size_t bytes = 0; bytes <= EVERY_SIZE_TO; bytes++) {
		void *block = hp_malloc(bytes);
		size_t usable = hp_malloc_usable_size(block);

		g_assert_nonnull(block);
		g_assert_cmpuint((uintptr_t)block % 16, ==, 0);
		g_assert_cmpuint(usable, >=, bytes);
		g_assert_cmpuint(usable, ==, hp_good_size(bytes));
		if (bytes > 128)
			g_assert_cmpuint((usable - bytes) * 8, <=, bytes);
		hp_free(block);
	}
}

static void sizes_up_to_1_gb_waste_little_too(void)
{
	uint64_t random = 1;

	for (size_t bytes = EVERY_SIZE_TO; bytes < HP_GIB; bytes += bytes / 64) {
		size_t odd = bytes + hp_test_random(&random) % (bytes / 64);
		unsigned char *block = hp_malloc(odd);
		size_t usable = hp_malloc_usable_size(block);

		g_assert_nonnull(block);
		g_assert_cmpuint((uintptr_t)block % 16, ==, 0);
		g_assert_cmpuint(usable, >=, odd);
		g_assert_cmpuint(usable, ==, hp_good_size(odd));
		g_assert_cmpuint((usable - odd) * 8, <=, odd);
		block[0] = 1;
		block[usable - 1] = 1;
		hp_free(block);
	}
}

static void small_sizes_are_not_rounded_far(void)
{
	for (size_t bytes = 1; bytes <= 128; bytes++)
		g_assert_cmpuint(hp_good_size(bytes), <=, (bytes + 15) / 16 * 16);
}

/* All blocks live at once, all usable bytes written: two that overlap can't both keep theirs. */
static void blocks_of_every_size_do_not_overlap(void)
{
	const size_t step = hp_test_is_full() ? 1 : 7;
	const size_t count = EVERY_SIZE_TO / 4 / step;
	void **blocks = g_new0(void *, count);

	for (size_t i = 0; i < count; i++) {
		blocks[i] = hp_malloc(i * step);
		g_assert_nonnull(blocks[i]);
		hp_test_fill(blocks[i], hp_malloc_usable_size(blocks[i]), i);
	}
	for (size_t i = 0; i < count; i++) {
		size_t usable = hp_malloc_usable_size(blocks[i]);

		g_assert_true(hp_test_is_filled(blocks[i], usable, i));
		hp_free(blocks[i]);
	}
	g_free(blocks);
}

static void a_block_of_0_bytes_is_a_pointer_of_its_own(void)
{
	void *blocks[1000];

	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++) {
		blocks[i] = hp_malloc(0);
		g_assert_nonnull(blocks[i]);
		for (size_t j = 0; j < i; j++)
			g_assert_true(hp_test_opaque(blocks[i]) != hp_test_opaque(blocks[j]));
	}
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		hp_free(blocks[i]);
}

static void what_is_too_large_is_null_and_enomem(void)
{
	const size_t too_large[] = { PTRDIFF_MAX,
				     (size_t)PTRDIFF_MAX + 1,
				     PTRDIFF_MAX - HP_TEST_PAGE,
				     SIZE_MAX - HP_TEST_HUGEPAGE,
				     SIZE_MAX - 15,
				     SIZE_MAX };

	for (size_t i = 0; i < HP_TEST_COUNT(too_large); i++) {
		size_t bytes = hp_test_opaque_bytes(too_large[i]);

		HP_TEST_TOO_MUCH(hp_malloc(bytes));
		HP_TEST_TOO_MUCH(hp_calloc(1, bytes));
		HP_TEST_TOO_MUCH(hp_calloc(bytes, 1));
		HP_TEST_TOO_MUCH(hp_realloc(NULL, bytes));
		HP_TEST_TOO_MUCH(hp_reallocarray(NULL, bytes, 1));
		HP_TEST_TOO_MUCH(hp_aligned_alloc(64, bytes));
		HP_TEST_TOO_MUCH(hp_memalign(HP_GIB, bytes));
		HP_TEST_TOO_MUCH(hp_valloc(bytes));
		HP_TEST_TOO_MUCH(hp_pvalloc(bytes));
		g_assert_cmpuint(hp_good_size(bytes), ==, bytes);
	}
}

static void a_product_that_overflows_is_enomem(void)
{
	const size_t half = hp_test_opaque_bytes((size_t)1 << 32);
	const size_t third = hp_test_opaque_bytes(SIZE_MAX / 3 + 1);
	void *block = hp_malloc(100);

	hp_test_fill(block, 100, 1);
	HP_TEST_TOO_MUCH(hp_calloc(half, half));
	HP_TEST_TOO_MUCH(hp_calloc(third, 3));
	HP_TEST_TOO_MUCH(hp_calloc(3, third));
	HP_TEST_TOO_MUCH(hp_reallocarray(NULL, half, half));
	HP_TEST_TOO_MUCH(hp_reallocarray(block, half, half));
	HP_TEST_TOO_MUCH(hp_reallocarray(block, third, 3));
	g_assert_true(hp_test_is_filled(block, 100, 1));
	hp_free(block);
}

static void a_refused_realloc_leaves_the_block(void)
{
	const size_t sizes[] = { 1, 100, 5000, 200 * HP_KIB, 3 * HP_MIB };

	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		void *block = hp_malloc(sizes[i]);

		hp_test_fill(block, sizes[i], i);
		HP_TEST_TOO_MUCH(hp_realloc(block, hp_test_opaque_bytes(PTRDIFF_MAX)));
		HP_TEST_TOO_MUCH(hp_realloc(block, hp_test_opaque_bytes(SIZE_MAX)));
		g_assert_true(hp_test_is_filled(block, sizes[i], i));
		hp_free(block);
	}
}

/* More than the address space can hold, and yet no overflow. */
static void what_the_machine_can_not_map_is_enomem_and_the_heap_goes_on(void)
{
	void *block;

	HP_TEST_TOO_MUCH(hp_malloc(hp_test_opaque_bytes((size_t)1 << 50)));
	HP_TEST_TOO_MUCH(hp_calloc(1, hp_test_opaque_bytes((size_t)1 << 50)));
	block = hp_malloc(10 * HP_MIB);
	g_assert_nonnull(block);
	hp_free(block);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sizes/each-size-is-usable-aligned-and-wastes-little",
			each_size_is_usable_aligned_and_wastes_little);
	g_test_add_func("/sizes/sizes-up-to-1-gb-waste-little-too",
			sizes_up_to_1_gb_waste_little_too);
	g_test_add_func("/sizes/small-sizes-are-not-rounded-far", small_sizes_are_not_rounded_far);
	g_test_add_func("/sizes/blocks-of-every-size-do-not-overlap",
			blocks_of_every_size_do_not_overlap);
	g_test_add_func("/sizes/a-block-of-0-bytes-is-a-pointer-of-its-own",
			a_block_of_0_bytes_is_a_pointer_of_its_own);
	g_test_add_func("/sizes/what-is-too-large-is-null-and-enomem",
			what_is_too_large_is_null_and_enomem);
	g_test_add_func("/sizes/a-product-that-overflows-is-enomem",
			a_product_that_overflows_is_enomem);
	g_test_add_func("/sizes/a-refused-realloc-leaves-the-block",
			a_refused_realloc_leaves_the_block);
	g_test_add_func("/sizes/what-the-machine-can-not-map-is-enomem-and-the-heap-goes-on",
			what_the_machine_can_not_map_is_enomem_and_the_heap_goes_on);
	return g_test_run();
}

/* The aligned family: alignments 16 to 1 GiB, what is refused and how, what is rounded. */
#include <errno.h>

#include "support.h"

static const size_t sizes[] = { 0, 1, 100, 4096, 5000, 100 * HP_KIB, 140 * HP_KIB, 3 * HP_MIB };

static void check(void *block, size_t align, size_t bytes)
{
	g_assert_nonnull(block);
	g_assert_cmpuint((uintptr_t)hp_test_opaque(block) % align, ==, 0);
	g_assert_cmpuint(hp_malloc_usable_size(block), >=, bytes);
	hp_test_fill(block, hp_malloc_usable_size(block), align);
}

static void every_alignment_to_1_gb_is_kept(void)
{
	for (size_t align = 1; align <= HP_GIB; align *= 2) {
		for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
			void *blocks[4] = { NULL };

			blocks[0] = hp_aligned_alloc(align, sizes[i]);
			blocks[1] = hp_memalign(align, sizes[i]);
			blocks[2] = hp_aligned_alloc(align, sizes[i]);
			if (align >= sizeof(void *))
				g_assert_cmpint(hp_posix_memalign(&blocks[3], align, sizes[i]), ==,
						0);
			for (size_t j = 0; j < 3; j++)
				check(blocks[j], align, sizes[i]);
			if (align >= sizeof(void *))
				check(blocks[3], align, sizes[i]);
			for (size_t j = 0; j < 3; j++)
				g_assert_true(hp_test_is_filled(
					blocks[j], hp_malloc_usable_size(blocks[j]), align));
			for (size_t j = 0; j < 4; j++)
				hp_free(blocks[j]);
		}
	}
}

static void posix_memalign_refuses_what_is_no_power_of_two_of_pointers(void)
{
	const size_t wrong[] = { 0, 1, 2, 4, 7, 9, 24, 100, 4095, 4097, HP_GIB - 8, SIZE_MAX };
	void *block = hp_test_opaque(&block);

	for (size_t i = 0; i < HP_TEST_COUNT(wrong); i++) {
		HP_TEST_KEEPS_ERRNO(g_assert_cmpint(
			hp_posix_memalign(&block, hp_test_opaque_bytes(wrong[i]), 10), ==, EINVAL));
		g_assert_true(block == &block);
	}
}

static void posix_memalign_returns_enomem_and_leaves_all_as_it_was(void)
{
	void *block = hp_test_opaque(&block);

	for (size_t align = 8; align <= HP_GIB; align *= 8) {
		HP_TEST_KEEPS_ERRNO(g_assert_cmpint(
			hp_posix_memalign(&block, align, hp_test_opaque_bytes(PTRDIFF_MAX)), ==,
			ENOMEM));
		HP_TEST_KEEPS_ERRNO(g_assert_cmpint(
			hp_posix_memalign(&block, align, hp_test_opaque_bytes(SIZE_MAX)), ==,
			ENOMEM));
		g_assert_true(block == &block);
	}
}

static void posix_memalign_leaves_errno_on_success(void)
{
	void *block;

	HP_TEST_KEEPS_ERRNO(g_assert_cmpint(hp_posix_memalign(&block, 4096, 10 * HP_MIB), ==, 0));
	hp_free(block);
}

static void aligned_alloc_refuses_what_is_no_power_of_two(void)
{
	const size_t wrong[] = { 0, 3, 24, 4095, HP_GIB + 1, SIZE_MAX };

	for (size_t i = 0; i < HP_TEST_COUNT(wrong); i++) {
		errno = 0;
		g_assert_null(hp_aligned_alloc(hp_test_opaque_bytes(wrong[i]), 100));
		g_assert_cmpint(errno, ==, EINVAL);
	}
}

static void aligned_alloc_takes_sizes_that_are_no_multiples(void)
{
	void *block = hp_aligned_alloc(4096, 5);

	check(block, 4096, 5);
	hp_free(block);
}

static void memalign_rounds_the_alignment_up(void)
{
	const size_t pairs[][2] = { { 0, 16 },	  { 3, 16 },	  { 17, 32 },	   { 24, 32 },
				    { 100, 128 }, { 4097, 8192 }, { 60000, 65536 } };

	for (size_t i = 0; i < HP_TEST_COUNT(pairs); i++) {
		void *block = hp_memalign(hp_test_opaque_bytes(pairs[i][0]), 100);

		check(block, pairs[i][1], 100);
		hp_free(block);
	}
	HP_TEST_TOO_MUCH(hp_memalign(64, hp_test_opaque_bytes(SIZE_MAX)));
}

static void valloc_is_aligned_to_the_page(void)
{
	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		void *block = hp_valloc(sizes[i]);

		check(block, HP_TEST_PAGE, sizes[i]);
		hp_free(block);
	}
}

static void pvalloc_is_whole_pages(void)
{
	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		size_t pages = (sizes[i] + HP_TEST_PAGE - 1) / HP_TEST_PAGE;
		void *block = hp_pvalloc(sizes[i]);

		check(block, HP_TEST_PAGE, pages * HP_TEST_PAGE);
		hp_free(block);
	}
}

static void an_aligned_block_survives_realloc(void)
{
	for (size_t align = 16; align <= 64 * HP_MIB; align *= 4) {
		void *block = hp_aligned_alloc(align, 10000);

		hp_test_fill(block, 10000, align);
		block = hp_realloc(block, 300 * HP_KIB);
		g_assert_true(hp_test_is_filled(block, 10000, align));
		hp_test_fill(block, 300 * HP_KIB, align);
		block = hp_realloc(block, 20);
		g_assert_true(hp_test_is_filled(block, 20, align));
		hp_free(block);
	}
}

/* Random ones held at once: an alignment that is met by shifting may hit the neighbour. */
static void many_aligned_blocks_do_not_overlap(void)
{
	enum { BLOCKS = 2000 };
	void **blocks = g_new(void *, BLOCKS);
	uint64_t random = 3;

	for (size_t i = 0; i < BLOCKS; i++) {
		size_t align = (size_t)16 << hp_test_random(&random) % 13;
		size_t bytes = hp_test_random(&random) % 9000;

		blocks[i] = hp_aligned_alloc(align, bytes);
		check(blocks[i], align, bytes);
		hp_test_fill(blocks[i], hp_malloc_usable_size(blocks[i]), i);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		g_assert_true(hp_test_is_filled(blocks[i], hp_malloc_usable_size(blocks[i]), i));
		hp_free(blocks[i]);
	}
	g_free(blocks);
}

/* The 1 GB that alignment skips is address space, not memory. */
static void a_large_alignment_costs_only_the_block(void)
{
	uint64_t before;
	void *block;

	if (!hp_test_fresh(""))
		return;
	hp_free(hp_malloc(1));
	before = hp_test_stats().heap_bytes;
	block = hp_aligned_alloc(HP_GIB, HP_MIB);
	check(block, HP_GIB, HP_MIB);
	g_assert_cmpuint(hp_test_stats().heap_bytes - before, <=, 8 * HP_MIB);
	hp_free(block);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/aligned/every-alignment-to-1-gb-is-kept",
			every_alignment_to_1_gb_is_kept);
	g_test_add_func("/aligned/posix-memalign-refuses-what-is-no-power-of-two-of-pointers",
			posix_memalign_refuses_what_is_no_power_of_two_of_pointers);
	g_test_add_func("/aligned/posix-memalign-returns-enomem-and-leaves-all-as-it-was",
			posix_memalign_returns_enomem_and_leaves_all_as_it_was);
	g_test_add_func("/aligned/posix-memalign-leaves-errno-on-success",
			posix_memalign_leaves_errno_on_success);
	g_test_add_func("/aligned/aligned-alloc-refuses-what-is-no-power-of-two",
			aligned_alloc_refuses_what_is_no_power_of_two);
	g_test_add_func("/aligned/aligned-alloc-takes-sizes-that-are-no-multiples",
			aligned_alloc_takes_sizes_that_are_no_multiples);
	g_test_add_func("/aligned/memalign-rounds-the-alignment-up",
			memalign_rounds_the_alignment_up);
	g_test_add_func("/aligned/valloc-is-aligned-to-the-page", valloc_is_aligned_to_the_page);
	g_test_add_func("/aligned/pvalloc-is-whole-pages", pvalloc_is_whole_pages);
	g_test_add_func("/aligned/an-aligned-block-survives-realloc",
			an_aligned_block_survives_realloc);
	g_test_add_func("/aligned/many-aligned-blocks-do-not-overlap",
			many_aligned_blocks_do_not_overlap);
	g_test_add_func("/aligned/a-large-alignment-costs-only-the-block",
			a_large_alignment_costs_only_the_block);
	return g_test_run();
}

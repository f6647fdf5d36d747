/* Questions about blocks: usable size, sized frees, ownership of any address, the version. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <hpalloc/version.h>

#include "support.h"

static int global;

static void all_usable_bytes_may_be_used(void)
{
	for (size_t bytes = 1; bytes < 10 * HP_MIB; bytes += 1 + bytes / 20) {
		void *left = hp_malloc(bytes);
		void *right = hp_malloc(bytes);

		hp_test_fill(left, hp_malloc_usable_size(left), 1);
		hp_test_fill(right, hp_malloc_usable_size(right), 2);
		g_assert_true(hp_test_is_filled(left, hp_malloc_usable_size(left), 1));
		g_assert_true(hp_test_is_filled(right, hp_malloc_usable_size(right), 2));
		hp_free(left);
		hp_free(right);
	}
	g_assert_cmpuint(hp_malloc_usable_size(NULL), ==, 0);
}

static void sized_frees_free(void)
{
	uint64_t before = hp_test_stats().in_use_bytes;

	hp_free_sized(NULL, 0);
	hp_free_aligned_sized(NULL, 16, 0);
	for (size_t bytes = 0; bytes < 10 * HP_MIB; bytes += 1 + bytes / 20) {
		hp_free_sized(hp_malloc(bytes), bytes);
		hp_free_sized(hp_calloc(1, bytes), bytes);
		hp_free_sized(hp_realloc(hp_malloc(20), bytes + 1), bytes + 1);
		for (size_t align = 16; align <= 4 * HP_MIB; align *= 8)
			hp_free_aligned_sized(hp_aligned_alloc(align, bytes), align, bytes);
	}
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, before);
}

static void the_heap_owns_its_blocks(void)
{
	const size_t sizes[] = { 0, 1, 1000, 100 * HP_KIB, HP_MIB, 100 * HP_MIB };

	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		unsigned char *block = hp_malloc(sizes[i]);

		g_assert_cmpint(hp_owns(block), ==, 1);
		g_assert_cmpint(hp_owns(block + sizes[i] / 2), ==, 1);
		g_assert_cmpint(hp_owns(block + hp_malloc_usable_size(block) - 1), ==, 1);
		hp_free(block);
	}
}

static void the_heap_owns_nothing_else(void)
{
	void *mapping = mmap(NULL, HP_MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *foreign = g_malloc(100);
	int local = 0;

	g_assert_true(mapping != MAP_FAILED);
	g_assert_cmpint(hp_owns(NULL), ==, 0);
	g_assert_cmpint(hp_owns(&local), ==, 0);
	g_assert_cmpint(hp_owns(&global), ==, 0);
	g_assert_cmpint(hp_owns("literal"), ==, 0);
	g_assert_cmpint(hp_owns(foreign), ==, 0);
	g_assert_cmpint(hp_owns(mapping), ==, 0);
	g_assert_cmpint(hp_owns((const char *)mapping + HP_MIB - 1), ==, 0);
	munmap(mapping, HP_MIB);
	g_assert_cmpint(hp_owns(mapping), ==, 0);
	g_free(foreign);
}

/* Any 64 bits: user, non-canonical and kernel addresses. The question must not touch memory. */
static void no_address_faults(void)
{
	const uintptr_t edges[] = { 1,
				    HP_TEST_PAGE,
				    ((uintptr_t)1 << 47) - 1,
				    (uintptr_t)1 << 47,
				    (uintptr_t)1 << 48,
				    (uintptr_t)1 << 57,
				    (uintptr_t)0xffff8000 << 32,
				    (uintptr_t)0xffffffff << 32,
				    UINTPTR_MAX - 15,
				    UINTPTR_MAX };
	uint64_t random = 11;

	for (size_t i = 0; i < HP_TEST_COUNT(edges); i++)
		g_assert_cmpint(hp_owns((const void *)edges[i]), ==, 0);
	for (int i = 0; i < 1000000; i++) {
		uint64_t wild = hp_test_random(&random) >> hp_test_random(&random) % 64;

		hp_owns((const void *)(uintptr_t)wild);
	}
}

static void nothing_is_owned_before_the_first_block(void)
{
	int local = 0;

	if (!hp_test_fresh(""))
		return;
	g_assert_cmpint(hp_owns(&local), ==, 0);
	g_assert_cmpint(hp_owns(NULL), ==, 0);
	g_assert_cmpint(hp_owns((const void *)UINTPTR_MAX), ==, 0);
	g_assert_cmpuint(hp_malloc_usable_size(NULL), ==, 0);
	hp_free(NULL);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
}

static void the_version_is_that_of_the_header(void)
{
	char *version = g_strdup_printf("%d.%d.%d", HP_API_VERSION_MAJOR, HP_API_VERSION_MINOR,
					HP_API_VERSION_PATCH);

	g_assert_cmpstr(hp_version(), ==, version);
	g_free(version);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/query/all-usable-bytes-may-be-used", all_usable_bytes_may_be_used);
	g_test_add_func("/query/sized-frees-free", sized_frees_free);
	g_test_add_func("/query/the-heap-owns-its-blocks", the_heap_owns_its_blocks);
	g_test_add_func("/query/the-heap-owns-nothing-else", the_heap_owns_nothing_else);
	g_test_add_func("/query/no-address-faults", no_address_faults);
	g_test_add_func("/query/nothing-is-owned-before-the-first-block",
			nothing_is_owned_before_the_first_block);
	g_test_add_func("/query/the-version-is-that-of-the-header",
			the_version_is_that_of_the_header);
	return g_test_run();
}

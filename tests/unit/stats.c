/*
 * hp_stats against what is known: what blocks were taken, and what the kernel says about the
 * heap's mappings in /proc/self/smaps.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "hugepool.h"
#include "support.h"

enum { POOL_PAGES = 40 };

struct mappings {
	uint64_t rss_bytes, thp_bytes, hugetlb_bytes;
};

/* Sums over the mappings that begin inside the heap. */
static struct mappings heap_in_smaps(void)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	struct mappings sum = { 0 };
	bool is_ours = false;
	char line[512];

	g_assert_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		uintptr_t start, end;
		uint64_t kib;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2)
			is_ours = hp_owns((const void *)start);
		else if (!is_ours)
			continue;
		else if (sscanf(line, "Rss: %" SCNu64, &kib) == 1)
			sum.rss_bytes += kib * 1024;
		else if (sscanf(line, "AnonHugePages: %" SCNu64, &kib) == 1)
			sum.thp_bytes += kib * 1024;
		else if (sscanf(line, "Private_Hugetlb: %" SCNu64, &kib) == 1 ||
			 sscanf(line, "Shared_Hugetlb: %" SCNu64, &kib) == 1)
			sum.hugetlb_bytes += kib * 1024;
	}
	fclose(file);
	return sum;
}

/* Many sizes, all bytes written, so that nearly nothing of the heap is untouched. */
static size_t fill_heap(void **blocks, size_t count)
{
	uint64_t random = 21;
	size_t total = 0;

	for (size_t i = 0; i < count; i++) {
		size_t bytes = 1 + hp_test_random(&random) % (i % 64 ? 2000 : HP_MIB);

		blocks[i] = hp_malloc(bytes);
		hp_test_fill(blocks[i], hp_malloc_usable_size(blocks[i]), i);
		total += hp_malloc_usable_size(blocks[i]);
	}
	return total;
}

static void free_all(void **blocks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hp_free(blocks[i]);
}

static void sums_hold(const struct hp_stats *stats)
{
	g_assert_cmpuint(stats->heap_bytes, ==,
			 stats->hugetlb_bytes + stats->thp_bytes + stats->base_bytes);
	g_assert_cmpuint(stats->peak_bytes, ==,
			 stats->peak_hugetlb_bytes + stats->peak_thp_bytes +
				 stats->peak_base_bytes);
	g_assert_cmpuint(stats->peak_bytes, >=, stats->heap_bytes);
	g_assert_cmpuint(stats->heap_bytes, >=, stats->in_use_bytes);
	g_assert_cmpuint(stats->heap_bytes, >=, stats->idle_bytes);
	g_assert_cmpuint(stats->reserved_bytes, >=, stats->heap_bytes);
	g_assert_cmpuint(stats->arenas, >=, stats->orphans);
	g_assert_cmpuint(stats->heap_bytes % HP_TEST_PAGE, ==, 0);
}

/* A hardened block can be used as far as it was asked for, and is counted as it is. */
static void in_use_is(uint64_t in_use, uint64_t usable)
{
	if (hp_test_is_hardened() && usable) /* but for those on guarded pages */
		g_assert_cmpuint(in_use + HP_MIB, >, usable);
	else
		g_assert_cmpuint(in_use, ==, usable);
}

/* What the kernel has is at most what we say, and less only by what was never touched. */
static void resident_agrees(uint64_t said, uint64_t resident)
{
	/* Guarded pages are not counted, but owned. */
	g_assert_cmpuint(resident, <=, said + hp_test_is_hardened() * HP_MIB);
	g_assert_cmpuint(said, <=, resident + 4 * HP_TEST_HUGEPAGE + said / 20);
}

static void agrees_with_smaps(void)
{
	enum { BLOCKS = 8000 };
	void **blocks = g_new(void *, BLOCKS);
	struct mappings kernel;
	struct hp_stats stats;
	size_t total = fill_heap(blocks, BLOCKS);

	stats = hp_test_stats();
	kernel = heap_in_smaps();
	sums_hold(&stats);
	in_use_is(stats.in_use_bytes, total);
	g_assert_cmpuint(kernel.hugetlb_bytes, ==, stats.hugetlb_bytes);
	resident_agrees(stats.thp_bytes + stats.base_bytes, kernel.rss_bytes);
	g_assert_cmpuint(kernel.thp_bytes, <=, stats.thp_bytes);
	free_all(blocks, BLOCKS);
	hp_trim(0);
	stats = hp_test_stats();
	kernel = heap_in_smaps();
	sums_hold(&stats);
	g_assert_cmpuint(stats.in_use_bytes, ==, 0);
	g_assert_cmpuint(kernel.hugetlb_bytes, ==, stats.hugetlb_bytes);
	g_assert_cmpuint(kernel.rss_bytes, <=, stats.thp_bytes + stats.base_bytes);
	g_free(blocks);
}

static void agree_on_transparent_huge_pages(void)
{
	if (hp_test_fresh("HPALLOC_BACKING=thp"))
		agrees_with_smaps();
}

static void agree_on_base_pages(void)
{
	if (hp_test_fresh("HPALLOC_BACKING=base"))
		agrees_with_smaps();
}

static void agree_on_the_hugetlb_pool(void)
{
	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=hugetlb", 64 + POOL_PAGES))
		return;
	agrees_with_smaps();
	g_assert_cmpuint(hp_test_stats().hugepages_taken, >=, 30);
}

static void agree_where_the_pool_runs_dry(void)
{
	if (!hp_test_fresh_with_pool("", 15))
		return;
	agrees_with_smaps();
	g_assert_cmpuint(hp_test_stats().hugepages_taken, >=, 10);
	g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_POOL_EMPTY] +
				 hp_test_stats().fallbacks[HP_FALLBACK_LIMIT],
			 >, 0);
}

static void in_use_is_the_usable_bytes_of_all_blocks(void)
{
	uint64_t random = 4;
	size_t expected = 0;
	void *blocks[2000];

	if (!hp_test_fresh(""))
		return;
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++) {
		blocks[i] = hp_malloc(hp_test_random(&random) % (i % 100 ? 5000 : 500000));
		expected += hp_malloc_usable_size(blocks[i]);
	}
	in_use_is(hp_test_stats().in_use_bytes, expected);
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i += 2) {
		expected -= hp_malloc_usable_size(blocks[i]);
		hp_free(blocks[i]);
	}
	in_use_is(hp_test_stats().in_use_bytes, expected);
	for (size_t i = 1; i < HP_TEST_COUNT(blocks); i += 2)
		hp_free(blocks[i]);
	in_use_is(hp_test_stats().in_use_bytes, 0);
}

static void *free_half(void *argument)
{
	void **blocks = argument;

	for (size_t i = 0; i < 1000; i += 2)
		hp_free(blocks[i]);
	return NULL;
}

static void in_use_counts_blocks_that_other_threads_freed(void)
{
	void *blocks[1000];
	pthread_t thread;
	size_t expected = 0;

	if (!hp_test_fresh(""))
		return;
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++) {
		blocks[i] = hp_malloc(i);
		expected += i % 2 ? hp_malloc_usable_size(blocks[i]) : 0;
	}
	pthread_create(&thread, NULL, free_half, blocks);
	pthread_join(thread, NULL);
	in_use_is(hp_test_stats().in_use_bytes, expected);
	for (size_t i = 1; i < HP_TEST_COUNT(blocks); i += 2)
		hp_free(blocks[i]);
	in_use_is(hp_test_stats().in_use_bytes, 0);
}

static void an_older_program_gets_the_fields_it_knows(void)
{
	struct hp_stats stats;

	memset(&stats, 0x55, sizeof(stats));
	hp_free(hp_malloc(1));
	g_assert_cmpint(hp_stats_get(&stats, 16), ==, 0);
	g_assert_cmpuint(stats.heap_bytes, >, 0);
	g_assert_cmpuint(stats.heap_bytes, <, HP_GIB);
	g_assert_cmphex(stats.thp_bytes, ==, 0x5555555555555555);
	g_assert_cmpint(hp_stats_get(&stats, sizeof(stats) + 8), ==, EINVAL);
	g_assert_cmphex(stats.thp_bytes, ==, 0x5555555555555555);
}

static void lists_are_cut_to_what_fits(void)
{
	struct hp_stats_class class[2];
	struct hp_stats_arena arena[2];
	size_t count = 0;
	void *kept;

	hp_free(hp_malloc(10));
	kept = hp_malloc(100);
	g_assert_cmpint(hp_stats_get_classes(NULL, sizeof(*class), &count), ==, 0);
	g_assert_cmpuint(count, >=, 2);
	count = 1;
	memset(class, 0x55, sizeof(class));
	memset(arena, 0x55, sizeof(arena));
	g_assert_cmpint(hp_stats_get_classes(class, 16, &count), ==, 0);
	g_assert_cmpuint(count, >=, 2);
	g_assert_cmpuint(class[0].block_bytes, <=, 128);
	g_assert_cmphex(class[0].free_blocks, ==, 0x5555555555555555);
	count = 1;
	g_assert_cmpint(hp_stats_get_arenas(arena, 8, &count), ==, 0);
	g_assert_cmphex(arena[0].id, !=, 0x5555555555555555);
	g_assert_cmphex(arena[0].state, ==, 0x5555555555555555);
	g_assert_cmpint(hp_stats_get_classes(class, sizeof(*class) + 8, &count), ==, EINVAL);
	g_assert_cmpint(hp_stats_get_arenas(arena, sizeof(*arena) + 8, &count), ==, EINVAL);
	HP_TEST_KEEPS_ERRNO(hp_stats_get_arenas(arena, 8, &count));
	HP_TEST_KEEPS_ERRNO(hp_stats_get_classes(class, 8, &count));
	hp_free(kept);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stats/agree-on-transparent-huge-pages", agree_on_transparent_huge_pages);
	g_test_add_func("/stats/agree-on-base-pages", agree_on_base_pages);
	g_test_add_func("/stats/agree-on-the-hugetlb-pool", agree_on_the_hugetlb_pool);
	g_test_add_func("/stats/agree-where-the-pool-runs-dry", agree_where_the_pool_runs_dry);
	g_test_add_func("/stats/in-use-is-the-usable-bytes-of-all-blocks",
			in_use_is_the_usable_bytes_of_all_blocks);
	g_test_add_func("/stats/in-use-counts-blocks-that-other-threads-freed",
			in_use_counts_blocks_that_other_threads_freed);
	g_test_add_func("/stats/an-older-program-gets-the-fields-it-knows",
			an_older_program_gets_the_fields_it_knows);
	g_test_add_func("/stats/lists-are-cut-to-what-fits", lists_are_cut_to_what_fits);
	return g_test_run();
}

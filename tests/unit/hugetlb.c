/*
 * The heap on the hugetlb pool, as root with real pages: taken one by one, never hoarded, given
 * back, and replaced by other memory where the pool has none.
 */
#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hugepool.h"
#include "support.h"

enum { POOL_PAGES = 64, BLOCKS = 64 };

static void take(void **blocks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		blocks[i] = hp_malloc(HP_MIB);
		g_assert_nonnull(blocks[i]);
		hp_test_fill(blocks[i], HP_MIB, i);
	}
}

static void check_and_free(void **blocks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		g_assert_true(hp_test_is_filled(blocks[i], HP_MIB, i));
		hp_free(blocks[i]);
	}
}

/* As the kernel counts them; what the pool has left may change by others. */
static uint64_t my_hugetlb_bytes(void)
{
	return hp_test_proc_bytes("/proc/self/status", "HugetlbPages:");
}

/* 64 MB on 32 pages, and some for the rest. */
static void the_heap_stands_on_the_pool(void)
{
	struct hp_stats stats;
	void *blocks[BLOCKS];

	if (!hp_test_fresh_with_pool("", POOL_PAGES))
		return;
	take(blocks, BLOCKS);
	stats = hp_test_stats();
	g_assert_cmpuint(stats.hugetlb_bytes, >=, BLOCKS * HP_MIB - HP_TEST_HUGEPAGE);
	g_assert_cmpuint(my_hugetlb_bytes(), ==, stats.hugetlb_bytes);
	if (!hp_test_is_hardened()) /* two of them do not fit into one page then */
		g_assert_cmpuint(hp_test_pool_free_pages(), >=, POOL_PAGES - BLOCKS / 2 - 4);
	check_and_free(blocks, BLOCKS);
}

static void freed_pages_return_to_the_pool(void)
{
	void *blocks[BLOCKS];

	if (!hp_test_fresh_with_pool("", POOL_PAGES))
		return;
	take(blocks, BLOCKS);
	check_and_free(blocks, BLOCKS);
	g_assert_cmpuint(hp_test_pool_free_pages(), >=,
			 POOL_PAGES - (hp_test_is_hardened() ? 16 : 4));
	hp_trim(0);
	g_assert_cmpuint(my_hugetlb_bytes(), <=, HP_TEST_HUGEPAGE);
	g_assert_cmpuint(hp_test_stats().hugepages_given, >=, BLOCKS / 2 - 1);
	take(blocks, BLOCKS);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, >=, BLOCKS * HP_MIB - HP_TEST_HUGEPAGE);
	check_and_free(blocks, BLOCKS);
}

static void the_pages_are_back_when_the_process_ended(void)
{
	void *blocks[BLOCKS];

	if (g_test_subprocess()) {
		take(blocks, BLOCKS);
		return;
	}
	if (!hp_test_pool_begin(POOL_PAGES))
		return;
	hp_test_fresh("HPALLOC_BACKING=auto");
	g_assert_cmpuint(hp_test_pool_free_pages(), >=, POOL_PAGES - 2);
	hp_test_pool_end();
}

/* A program that takes little holds little back from others. */
static void a_small_heap_hoards_no_pages(void)
{
	void *blocks[6];

	if (!hp_test_fresh_with_pool("", POOL_PAGES))
		return;
	take(blocks, HP_TEST_COUNT(blocks));
	g_assert_cmpuint(hp_test_pool_free_pages(), >=, POOL_PAGES - 5);
	check_and_free(blocks, HP_TEST_COUNT(blocks));
}

static void an_empty_pool_is_no_obstacle(void)
{
	struct hp_stats stats;
	void *blocks[BLOCKS];

	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=hugetlb", 0))
		return;
	take(blocks, BLOCKS);
	stats = hp_test_stats();
	g_assert_cmpuint(stats.hugetlb_bytes, ==, 0);
	g_assert_cmpuint(stats.fallbacks[HP_FALLBACK_POOL_EMPTY], >=, BLOCKS / 2 - 2);
	check_and_free(blocks, BLOCKS);
}

static void a_pool_that_runs_dry_is_used_to_the_last_page(void)
{
	struct hp_stats stats;
	void *blocks[BLOCKS];

	if (!hp_test_fresh_with_pool("", 10))
		return;
	take(blocks, BLOCKS);
	stats = hp_test_stats();
	g_assert_cmpuint(stats.hugetlb_bytes, ==, 10 * HP_TEST_HUGEPAGE);
	g_assert_cmpuint(stats.thp_bytes + stats.base_bytes, >=, 40 * HP_MIB);
	g_assert_cmpuint(hp_test_pool_free_pages(), ==, 0);
	check_and_free(blocks, BLOCKS);
	hp_trim(0);
	g_assert_cmpuint(hp_test_pool_free_pages(), >=, 9);
}

/* The pages that we gave back are taken by another process before we want them again. */
static void a_pool_drained_by_another_process_costs_nothing_but_speed(void)
{
	void *blocks[BLOCKS], *more[BLOCKS];
	pid_t drainer;

	if (!hp_test_fresh_with_pool("HPALLOC_IDLE_MAX=0", POOL_PAGES))
		return;
	take(blocks, BLOCKS);
	check_and_free(blocks, BLOCKS);
	take(blocks, 8);
	drainer = hp_test_pool_drain(3);
	take(more, BLOCKS);
	check_and_free(more, BLOCKS);
	check_and_free(blocks, 8);
	take(blocks, BLOCKS);
	hp_test_pool_undrain(drainer);
	hp_test_sleep_ms(150);
	take(more, BLOCKS);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, >=, 20 * HP_TEST_HUGEPAGE);
	check_and_free(blocks, BLOCKS);
	check_and_free(more, BLOCKS);
}

static void a_pool_shrunk_meanwhile_costs_nothing_but_speed(void)
{
	void *blocks[BLOCKS], *more[BLOCKS];

	if (!hp_test_fresh_with_pool("HPALLOC_IDLE_MAX=0", POOL_PAGES))
		return;
	take(blocks, BLOCKS / 2);
	hp_test_pool_resize(0);
	take(more, BLOCKS);
	check_and_free(blocks, BLOCKS / 2);
	take(blocks, BLOCKS);
	check_and_free(blocks, BLOCKS);
	check_and_free(more, BLOCKS);
	hp_trim(0);
	hp_test_pool_resize(POOL_PAGES);
	hp_test_sleep_ms(150);
	take(blocks, BLOCKS);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, >=, 28 * HP_TEST_HUGEPAGE);
	check_and_free(blocks, BLOCKS);
}

static void a_pool_filled_later_is_found(void)
{
	void *blocks[BLOCKS], *more[BLOCKS];

	if (!hp_test_fresh_with_pool("", 0))
		return;
	take(blocks, BLOCKS);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, 0);
	hp_test_pool_resize(POOL_PAGES);
	hp_test_sleep_ms(150);
	take(more, BLOCKS);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, >=, 28 * HP_TEST_HUGEPAGE);
	check_and_free(blocks, BLOCKS);
	check_and_free(more, BLOCKS);
}

static void strict_refuses_what_the_pool_has_not(void)
{
	void *blocks[BLOCKS];
	size_t count = 0;

	if (hp_test_is_hardened()) {
		hp_test_skip("two hardened blocks of 1 MB do not fit into one page");
		return;
	}
	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=hugetlb HPALLOC_STRICT=1", 10))
		return;
	errno = 0;
	while (count < BLOCKS && (blocks[count] = hp_malloc(HP_MIB))) {
		hp_test_fill(blocks[count], HP_MIB, count);
		count++;
	}
	g_assert_cmpint(errno, ==, ENOMEM);
	g_assert_cmpuint(count, >=, 16);
	g_assert_cmpuint(count, <=, 20);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, hp_test_stats().heap_bytes);
	HP_TEST_TOO_MUCH(hp_malloc(40 * HP_MIB));
	HP_TEST_TOO_MUCH(hp_realloc(blocks[0], 40 * HP_MIB));
	g_assert_true(hp_test_is_filled(blocks[0], HP_MIB, 0));
	hp_test_pool_resize(POOL_PAGES);
	take(blocks + count, BLOCKS - count);
	for (size_t i = count; i < BLOCKS; i++)
		hp_test_fill(blocks[i], HP_MIB, i);
	check_and_free(blocks, BLOCKS);
}

static void strict_with_an_empty_pool_refuses_all(void)
{
	if (!hp_test_fresh_with_pool("HPALLOC_BACKING=hugetlb HPALLOC_STRICT=1", 0))
		return;
	HP_TEST_TOO_MUCH(hp_malloc(1));
	HP_TEST_TOO_MUCH(hp_calloc(10, HP_MIB));
	HP_TEST_TOO_MUCH(hp_aligned_alloc(4096, 100));
}

/* By default a very large block is left to transparent huge pages; when asked, it is not. */
static void a_very_large_block_is_lazy_unless_the_pool_is_asked_for(void)
{
	unsigned char *block;

	if (!hp_test_fresh_with_pool("HPALLOC_LAZY_MIN=16M HPALLOC_IDLE_MAX=0", POOL_PAGES))
		return;
	block = hp_malloc(64 * HP_MIB);
	g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_LAZY_LARGE], >=, 30);
	g_assert_cmpuint(hp_test_pool_free_pages(), >=, POOL_PAGES - 2);
	hp_test_fill(block, 64 * HP_MIB, 1);
	hp_free(block);
	block = hp_malloc(8 * HP_MIB);
	hp_test_fill(block, 8 * HP_MIB, 1);
	g_assert_cmpuint(hp_test_pool_free_pages(), <=, POOL_PAGES - 4);
	hp_free(block);
}

static void calloc_is_zero_on_the_pool(void)
{
	void *block;

	if (!hp_test_fresh_with_pool("", POOL_PAGES))
		return;
	for (int round = 0; round < 5; round++) {
		for (size_t bytes = 100; bytes <= 16 * HP_MIB; bytes *= 3) {
			block = hp_calloc(1, bytes);
			g_assert_true(hp_test_is_zero(block, bytes));
			hp_test_fill(block, bytes, 3);
			hp_free(block);
		}
		if (round == 2)
			hp_trim(0);
	}
}

static void realloc_keeps_the_content_on_the_pool(void)
{
	size_t bytes = 1000;
	void *block;

	if (!hp_test_fresh_with_pool("", POOL_PAGES))
		return;
	block = hp_malloc(bytes);
	for (; bytes < 24 * HP_MIB; bytes = bytes * 3 / 2) {
		hp_test_fill(block, bytes, bytes);
		block = hp_realloc(block, bytes * 3 / 2);
		g_assert_nonnull(block);
		g_assert_true(hp_test_is_filled(block, bytes, bytes));
	}
	hp_test_fill(block, bytes, 1);
	for (; bytes > 100; bytes /= 2) {
		block = hp_realloc(block, bytes);
		g_assert_true(hp_test_is_filled(block, bytes, 1));
	}
	hp_free(block);
}

static void use_the_mount(void)
{
	void *blocks[BLOCKS];

	take(blocks, BLOCKS);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, 16 * HP_TEST_HUGEPAGE);
	g_assert_cmpuint(my_hugetlb_bytes(), ==, 16 * HP_TEST_HUGEPAGE);
	check_and_free(blocks, BLOCKS);
	hp_trim(0);
	g_assert_cmpuint(my_hugetlb_bytes(), <=, HP_TEST_HUGEPAGE);
	take(blocks, 8);
	check_and_free(blocks, 8);
}

/* Off the tree of files: the file that is open keeps it. */
static void use_the_mount_unmounted(void)
{
	void *blocks[BLOCKS];

	take(blocks, BLOCKS / 2);
	g_assert_cmpint(umount2(g_getenv("HPALLOC_HUGETLBFS"), MNT_DETACH), ==, 0);
	take(blocks + BLOCKS / 2, BLOCKS / 2);
	g_assert_cmpuint(my_hugetlb_bytes(), ==, 16 * HP_TEST_HUGEPAGE);
	check_and_free(blocks, BLOCKS / 2);
	check_and_free(blocks + BLOCKS / 2, BLOCKS / 2);
	hp_trim(0);
	hp_test_sleep_ms(150);
	use_the_mount();
}

static void with_a_mount(void (*run)(void))
{
	char *directory, *environment;
	bool is_mounted;

	if (g_test_subprocess()) {
		run();
		return;
	}
	if (!hp_test_pool_begin(POOL_PAGES))
		return;
	directory = g_dir_make_tmp("hp-test-XXXXXX", NULL);
	is_mounted = mount("none", directory, "hugetlbfs", 0, "pagesize=2M,size=32M") == 0;
	if (is_mounted) {
		environment =
			g_strdup_printf("HPALLOC_BACKING=auto HPALLOC_HUGETLBFS=%s", directory);
		hp_test_trapped(environment);
		g_free(environment);
		umount(directory);
	} else {
		hp_test_skip("hugetlbfs can't be mounted here");
	}
	rmdir(directory);
	g_free(directory);
	hp_test_pool_end();
	if (is_mounted)
		g_test_trap_assert_passed();
}

/* The mount's own size is the limit, though the pool has more. */
static void pages_are_taken_from_a_mounted_hugetlbfs(void)
{
	with_a_mount(use_the_mount);
}

static void a_mount_may_be_unmounted_meanwhile(void)
{
	with_a_mount(use_the_mount_unmounted);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hugetlb/the-heap-stands-on-the-pool", the_heap_stands_on_the_pool);
	g_test_add_func("/hugetlb/freed-pages-return-to-the-pool", freed_pages_return_to_the_pool);
	g_test_add_func("/hugetlb/the-pages-are-back-when-the-process-ended",
			the_pages_are_back_when_the_process_ended);
	g_test_add_func("/hugetlb/a-small-heap-hoards-no-pages", a_small_heap_hoards_no_pages);
	g_test_add_func("/hugetlb/an-empty-pool-is-no-obstacle", an_empty_pool_is_no_obstacle);
	g_test_add_func("/hugetlb/a-pool-that-runs-dry-is-used-to-the-last-page",
			a_pool_that_runs_dry_is_used_to_the_last_page);
	g_test_add_func("/hugetlb/a-pool-drained-by-another-process-costs-nothing-but-speed",
			a_pool_drained_by_another_process_costs_nothing_but_speed);
	g_test_add_func("/hugetlb/a-pool-shrunk-meanwhile-costs-nothing-but-speed",
			a_pool_shrunk_meanwhile_costs_nothing_but_speed);
	g_test_add_func("/hugetlb/a-pool-filled-later-is-found", a_pool_filled_later_is_found);
	g_test_add_func("/hugetlb/strict-refuses-what-the-pool-has-not",
			strict_refuses_what_the_pool_has_not);
	g_test_add_func("/hugetlb/strict-with-an-empty-pool-refuses-all",
			strict_with_an_empty_pool_refuses_all);
	g_test_add_func("/hugetlb/a-very-large-block-is-lazy-unless-the-pool-is-asked-for",
			a_very_large_block_is_lazy_unless_the_pool_is_asked_for);
	g_test_add_func("/hugetlb/calloc-is-zero-on-the-pool", calloc_is_zero_on_the_pool);
	g_test_add_func("/hugetlb/realloc-keeps-the-content-on-the-pool",
			realloc_keeps_the_content_on_the_pool);
	g_test_add_func("/hugetlb/pages-are-taken-from-a-mounted-hugetlbfs",
			pages_are_taken_from_a_mounted_hugetlbfs);
	g_test_add_func("/hugetlb/a-mount-may-be-unmounted-meanwhile",
			a_mount_may_be_unmounted_meanwhile);
	return g_test_run();
}

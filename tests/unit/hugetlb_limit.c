/*
 * HPALLOC_POOL_MAX, HPALLOC_POOL_LEAVE and HPALLOC_LIMIT_CGROUP: one process's share of the pool,
 * and the control group's limits as the heap's own.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control_group.h"
#include "hugepool.h"
#include "limit.h"
#include "support.h"

enum { PROCESSES = 8, POOL_PAGES = 32 };

static void *blocks[POOL_PAGES];

static void free_all(size_t count)
{
	for (size_t i = 0; i < count; i++)
		hp_free(blocks[i]);
}

static void fill_pages(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		blocks[i] = hp_malloc(2 * HP_MIB - 16 * HP_KIB);
		g_assert_nonnull(blocks[i]);
		hp_test_fill(blocks[i], HP_MIB, i);
	}
}

static void check_pages(size_t count)
{
	for (size_t i = 0; i < count; i++)
		g_assert_true(hp_test_is_filled(blocks[i], HP_MIB, i));
}

static void pool_max_bounds_what_one_process_takes(void)
{
	struct hp_stats stats;

	if (!hp_test_fresh_with_pool("HPALLOC_POOL_MAX=8M HPALLOC_WARMUP=0", POOL_PAGES))
		return;
	fill_pages(16);
	stats = hp_test_stats();
	g_assert_cmpuint(stats.hugetlb_bytes, ==, 8 * HP_MIB);
	g_assert_cmpuint(stats.fallbacks[HP_FALLBACK_LIMIT], ==, 12);
	g_assert_cmpuint(stats.pool_withheld, ==, 12);
	check_pages(16);
	free_all(16);
	fill_pages(4);
	g_assert_cmpuint(hp_test_stats().peak_hugetlb_bytes, <=, 8 * HP_MIB);
	check_pages(4);
	free_all(4);
}

static void pool_max_in_the_middle_of_a_block(void)
{
	void *block;

	if (!hp_test_fresh_with_pool("HPALLOC_POOL_MAX=8M HPALLOC_WARMUP=0", POOL_PAGES))
		return;
	block = hp_malloc(20 * HP_MIB);
	hp_test_fill(block, 20 * HP_MIB, 1);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, 8 * HP_MIB);
	g_assert_true(hp_test_is_filled(block, 20 * HP_MIB, 1));
	hp_free(block);
}

static void strict_and_pool_max_is_enomem(void)
{
	if (hp_test_fresh_with_pool("HPALLOC_BACKING=hugetlb HPALLOC_STRICT=1 HPALLOC_POOL_MAX=8M",
				    POOL_PAGES))
		hp_test_limit_holds(HP_MIB, 8 * HP_MIB, 6 * HP_MIB);
}

static void pool_leave_is_left(void)
{
	if (!hp_test_fresh_with_pool("HPALLOC_POOL_LEAVE=39M HPALLOC_WARMUP=0", POOL_PAGES))
		return;
	fill_pages(POOL_PAGES);
	/* Not exactly: others of this machine may have a page for a moment. */
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, <=, 24 * HP_MIB);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, >, 0);
	g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_LIMIT], >=, 20);
	g_assert_cmpuint(hp_test_stats().pool_withheld, >=, 20);
	check_pages(POOL_PAGES);
	free_all(POOL_PAGES);
}

/* All look at the pool at the same moment, and take for a while. Says how many pages it has. */
static void take_with_the_others(int go, int done)
{
	enum { BYTES = 24 << 20 };
	uint8_t pages;
	void *block;

	g_assert_cmpint(read(go, &pages, 1), ==, 0);
	block = hp_malloc(BYTES);
	hp_test_fill(block, BYTES, 1);
	pages = (uint8_t)(hp_test_stats().hugetlb_bytes / HP_TEST_HUGEPAGE);
	g_assert_true(hp_test_is_filled(block, BYTES, 1));
	g_assert_cmpint(write(done, &pages, 1), ==, 1);
	for (;;)
		pause();
}

static void pool_leave_is_left_by_many_at_once(void)
{
	int go[2], done[2];
	pid_t children[PROCESSES];
	unsigned all_pages = 0;
	uint8_t pages;

	if (!hp_test_fresh_with_pool("HPALLOC_POOL_LEAVE=40M HPALLOC_WARMUP=0", POOL_PAGES))
		return;
	g_assert_cmpint(pipe(go) | pipe(done), ==, 0);
	for (size_t i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			close(go[1]);
			take_with_the_others(go[0], done[1]);
		}
	}
	close(go[1]);
	for (size_t i = 0; i < PROCESSES; i++) {
		g_assert_cmpint(read(done[0], &pages, 1), ==, 1);
		all_pages += pages;
	}
	g_assert_cmpuint(all_pages, <=, POOL_PAGES - 20);
	for (size_t i = 0; i < PROCESSES; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
}

/* Runs the test's new process inside a group: the options are read there. */
static bool is_fresh_in_group(const char *controller, const char *limit, const char *value,
			      const char *environment)
{
	char *group;
	pid_t child;

	if (g_test_subprocess())
		return true;
	group = hp_test_group_begin(controller);
	if (!group)
		return false;
	g_assert_true(hp_test_group_limit(group, limit, value));
	child = fork();
	if (child == 0) {
		hp_test_group_enter(group);
		hp_test_fresh(environment);
		_exit(0);
	}
	hp_test_child_did_well(child);
	hp_test_group_end(group);
	return false;
}

static void a_memory_group_is_the_limit_on_request(void)
{
	if (is_fresh_in_group("memory", "memory.max", "67108864", "HPALLOC_LIMIT_CGROUP=1"))
		hp_test_limit_holds(HP_MIB, 64 * HP_MIB / 10 * 9, 50 * HP_MIB);
}

static void a_hugetlb_group_is_the_limit_on_request(void)
{
	bool is_parent = !g_test_subprocess();

	if (is_parent && !hp_test_pool_begin(POOL_PAGES))
		return;
	if (is_fresh_in_group("hugetlb", "hugetlb.2MB.max", "8388608",
			      "HPALLOC_BACKING=auto HPALLOC_LIMIT_CGROUP=1 HPALLOC_WARMUP=0")) {
		fill_pages(16);
		g_assert_cmpuint(hp_test_stats().hugetlb_bytes, ==, 8 * HP_MIB);
		g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_LIMIT], ==, 12);
		g_assert_cmpuint(hp_test_stats().pool_withheld, ==, 0);
		check_pages(16);
		free_all(16);
	}
	if (is_parent)
		hp_test_pool_end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hugetlb-limit/pool-max-bounds-what-one-process-takes",
			pool_max_bounds_what_one_process_takes);
	g_test_add_func("/hugetlb-limit/pool-max-in-the-middle-of-a-block",
			pool_max_in_the_middle_of_a_block);
	g_test_add_func("/hugetlb-limit/strict-and-pool-max-is-enomem",
			strict_and_pool_max_is_enomem);
	g_test_add_func("/hugetlb-limit/pool-leave-is-left", pool_leave_is_left);
	g_test_add_func("/hugetlb-limit/pool-leave-is-left-by-many-at-once",
			pool_leave_is_left_by_many_at_once);
	g_test_add_func("/hugetlb-limit/a-memory-group-is-the-limit-on-request",
			a_memory_group_is_the_limit_on_request);
	g_test_add_func("/hugetlb-limit/a-hugetlb-group-is-the-limit-on-request",
			a_hugetlb_group_is_the_limit_on_request);
	return g_test_run();
}

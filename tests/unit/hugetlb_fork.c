/*
 * Fork with the heap on the hugetlb pool and no page free: where copy-on-write would kill one side
 * or lose its data, both sides read and write everything, and the parent keeps its pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "forked.h"
#include "hugepool.h"

enum { POOL_PAGES = 24, BLOCKS = 44 };

/* Fills the pool to the last page; what comes more stands elsewhere. */
static bool take_all(void)
{
	if (!hp_test_fresh_with_pool("", POOL_PAGES))
		return false;
	hp_test_blocks_take(BLOCKS);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, >=, 20 * HP_TEST_HUGEPAGE);
	hp_test_drain_the_pool();
	return true;
}

static void the_child_writes_first(void)
{
	if (take_all())
		hp_test_child_writes_first(fork, NULL);
}

static void the_parent_writes_first(void)
{
	if (take_all())
		hp_test_parent_writes_first(fork);
}

static void both_write_at_once_for_several_children(void)
{
	if (take_all())
		hp_test_all_write_at_once(fork, 4);
}

static void a_grandchild_has_everything_too(void)
{
	pid_t child, grandchild;

	if (!take_all())
		return;
	child = hp_test_fork();
	if (child == 0) {
		hp_test_blocks_write(100);
		grandchild = hp_test_fork();
		if (grandchild == 0) {
			hp_test_blocks_check(100);
			hp_test_blocks_write(200);
			hp_test_blocks_check(200);
			_exit(0);
		}
		hp_test_blocks_write(300);
		hp_test_child_did_well(grandchild);
		hp_test_blocks_check(300);
		_exit(0);
	}
	hp_test_blocks_write(400);
	hp_test_child_did_well(child);
	hp_test_blocks_check(400);
}

static void read_zeros(void)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < BLOCKS; i++) {
		g_assert_cmpint(read(zero, hp_test_blocks[i], HP_MIB), ==, (gssize)HP_MIB);
		g_assert_true(hp_test_is_zero(hp_test_blocks[i], HP_MIB));
	}
	close(zero);
}

/* A system call's write that can't be had is EFAULT, which no handler could mend. */
static void system_calls_may_write_on_both_sides(void)
{
	pid_t child;

	if (!take_all())
		return;
	child = hp_test_fork();
	if (child == 0) {
		read_zeros();
		hp_test_say(HP_TEST_TO_PARENT);
		_exit(0);
	}
	hp_test_wait(HP_TEST_TO_PARENT);
	hp_test_blocks_check(0);
	read_zeros();
	hp_test_child_did_well(child);
}

static uint64_t forks(void)
{
	struct hp_stats stats = hp_test_stats();

	return stats.forks_copied + stats.forks_shared + stats.forks_uncovered;
}

static void to_start_a_program_needs_no_copy(void)
{
	char *const arguments[] = { (char *)"/bin/true", NULL };
	uint64_t before;
	FILE *stream;
	pid_t child;

	if (!take_all())
		return;
	before = forks();
	g_assert_cmpint(posix_spawn(&child, arguments[0], NULL, NULL, arguments, environ), ==, 0);
	hp_test_child_did_well(child);
	g_assert_cmpint(system(arguments[0]), ==, 0);
	stream = popen(arguments[0], "r");
	g_assert_cmpint(pclose(stream), ==, 0);
	child = vfork();
	if (child == 0) {
		execv(arguments[0], arguments);
		_exit(1);
	}
	hp_test_child_did_well(child);
	g_assert_cmpuint(forks(), ==, before);
	hp_test_blocks_check(0);
}

static void the_parent_keeps_its_pages(void)
{
	struct hp_stats before, after;
	pid_t child;

	if (!take_all())
		return;
	before = hp_test_stats();
	child = hp_test_fork();
	if (child == 0) {
		struct hp_stats stats = hp_test_stats();

		g_assert_cmpuint(stats.hugetlb_bytes, ==, 0);
		g_assert_cmpuint(stats.fallbacks[HP_FALLBACK_FORK], >=, 20);
		g_assert_cmpuint(stats.in_use_bytes, ==, before.in_use_bytes);
		_exit(0);
	}
	hp_test_child_did_well(child);
	after = hp_test_stats();
	g_assert_cmpuint(after.hugetlb_bytes, ==, before.hugetlb_bytes);
	g_assert_cmpuint(after.forks_copied, ==, before.forks_copied + 1);
	g_assert_cmpuint(after.in_use_bytes, ==, before.in_use_bytes);
	g_assert_cmpuint(after.hugepages_given, ==, before.hugepages_given);
}

static atomic_bool is_over;

static void *stay_busy(void *argument)
{
	uint64_t random = (uintptr_t)argument + 1;
	void *mine[64] = { NULL };

	while (!atomic_load(&is_over)) {
		size_t i = hp_test_random(&random) % HP_TEST_COUNT(mine);

		g_assert_true(!mine[i] || hp_test_is_filled(mine[i], 1000, i));
		hp_free(mine[i]);
		mine[i] = hp_malloc(1000 + hp_test_random(&random) % 30000);
		hp_test_fill(mine[i], 1000, i);
	}
	return NULL;
}

static void busy_threads_do_not_matter(void)
{
	pthread_t threads[2];

	if (hp_test_skips_threaded_forks() || !take_all())
		return;
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		pthread_create(&threads[i], NULL, stay_busy, (void *)i);
	for (int i = 0; i < 10; i++) {
		pid_t child = hp_test_fork();

		if (child == 0) {
			hp_test_blocks_check(0);
			hp_test_blocks_write(100);
			hp_test_use_the_heap();
			hp_test_blocks_check(100);
			_exit(0);
		}
		hp_test_use_the_heap();
		hp_test_child_did_well(child);
		hp_test_blocks_check(0);
	}
	atomic_store(&is_over, true);
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hugetlb-fork/the-child-writes-first", the_child_writes_first);
	g_test_add_func("/hugetlb-fork/the-parent-writes-first", the_parent_writes_first);
	g_test_add_func("/hugetlb-fork/both-write-at-once-for-several-children",
			both_write_at_once_for_several_children);
	g_test_add_func("/hugetlb-fork/a-grandchild-has-everything-too",
			a_grandchild_has_everything_too);
	g_test_add_func("/hugetlb-fork/system-calls-may-write-on-both-sides",
			system_calls_may_write_on_both_sides);
	g_test_add_func("/hugetlb-fork/to-start-a-program-needs-no-copy",
			to_start_a_program_needs_no_copy);
	g_test_add_func("/hugetlb-fork/the-parent-keeps-its-pages", the_parent_keeps_its_pages);
	g_test_add_func("/hugetlb-fork/busy-threads-do-not-matter", busy_threads_do_not_matter);
	return g_test_run();
}

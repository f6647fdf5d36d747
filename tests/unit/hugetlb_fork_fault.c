/*
 * Fork with the heap on the hugetlb pool where the system refuses what the child's copy needs: the
 * child has everything, or ends with one line; the parent loses nothing.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "forked.h"
#include "hugepool.h"

enum { POOL_PAGES = 12, BLOCKS = 8 };

/* With large blocks elsewhere between, so that the pages lie in more ranges than one. */
static bool take_the_pool(void)
{
	if (!hp_test_fresh_with_pool("", POOL_PAGES))
		return false;
	for (size_t i = 0; i < 3; i++) {
		g_assert_nonnull(hp_malloc(HP_MIB));
		g_assert_nonnull(hp_malloc(100 * HP_MIB));
	}
	hp_test_blocks_take(BLOCKS);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, >=, 4 * HP_TEST_HUGEPAGE);
	return true;
}

static pid_t fork_once(void)
{
	pid_t child = hp_test_fork();

	if (child == 0) {
		hp_fault_none();
		hp_test_blocks_check(0);
		hp_test_blocks_write(100);
		g_assert_nonnull(hp_malloc(8 * HP_MIB));
		hp_test_blocks_check(100);
		_exit(0);
	}
	return child;
}

/* Until the child has its copy nobody writes: a page that is shared for so long is not needed. */
static void fork_well(void)
{
	hp_test_child_did_well(fork_once());
	hp_test_blocks_check(0);
	hp_test_blocks_write(200);
	hp_test_blocks_check(200);
	hp_test_blocks_write(0);
}

static void pages_that_cannot_be_omitted_are_replaced(void)
{
	if (!take_the_pool())
		return;
	hp_fault_all_of(HP_FAULT_fork_omit);
	fork_well();
	g_assert_cmpuint(hp_fault_strikes(), >, 0);
	g_assert_cmpuint(hp_test_stats().forks_copied, ==, 1);
}

static void pages_that_stay_omitted_are_copied_again(void)
{
	if (!take_the_pool())
		return;
	hp_fault_all_of(HP_FAULT_fork_keep);
	fork_well();
	fork_well();
	g_assert_cmpuint(hp_fault_strikes(), >, 1);
	hp_fault_all_of(HP_FAULT_map); /* the mark can be taken off: the pages are shared */
	hp_test_child_did_well(fork_once());
	hp_test_blocks_check(0);
	g_assert_cmpuint(hp_test_stats().forks_copied, ==, 2);
}

static uint64_t normal_bytes(void)
{
	return hp_test_proc_bytes("/proc/self/status", "RssAnon:");
}

static void a_copy_that_is_not_taken_back_is_emptied(void)
{
	uint64_t before;

	if (!take_the_pool())
		return;
	fork_well();
	before = normal_bytes();
	hp_fault_all_of(HP_FAULT_release);
	for (int i = 0; i < 4; i++)
		fork_well();
	g_assert_cmpuint(hp_fault_strikes(), >=, 4);
	g_assert_cmpuint(normal_bytes(), <, before + 2 * HP_TEST_HUGEPAGE);
	hp_fault_none();
	fork_well();
	g_assert_cmpuint(normal_bytes(), <, before + 2 * HP_TEST_HUGEPAGE);
}

static void a_child_that_can_have_nothing_ends_with_a_line(void)
{
	int status;
	pid_t child;

	if (!take_the_pool())
		return;
	hp_fault_all_of(HP_FAULT_fork_keep);
	fork_well();
	hp_fault_after(1);
	child = fork();
	if (child == 0)
		_exit(0);
	hp_fault_none();
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFSIGNALED(status));
	g_assert_cmpint(WTERMSIG(status), ==, SIGABRT);
	hp_test_blocks_check(0);
	fork_well();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hugetlb-fork-fault/pages-that-cannot-be-omitted-are-replaced",
			pages_that_cannot_be_omitted_are_replaced);
	g_test_add_func("/hugetlb-fork-fault/pages-that-stay-omitted-are-copied-again",
			pages_that_stay_omitted_are_copied_again);
	g_test_add_func("/hugetlb-fork-fault/a-copy-that-is-not-taken-back-is-emptied",
			a_copy_that_is_not_taken_back_is_emptied);
	g_test_add_func("/hugetlb-fork-fault/a-child-that-can-have-nothing-ends-with-a-line",
			a_child_that_can_have_nothing_ends_with_a_line);
	return g_test_run();
}

/*
 * Locks have ranks, and one thread takes them in rising order: the debug build ends a program that
 * does not, at the first wrong step, not at the first deadlock.
 */
#include <pthread.h>

#include "base/check.h"
#include "base/lock.h"
#include "support.h"

static struct hp_lock units = HP_LOCK_INIT(HP_RANK_UNITS);
static struct hp_lock pool = HP_LOCK_INIT(HP_RANK_POOL);
static struct hp_lock other_pool = HP_LOCK_INIT(HP_RANK_POOL);

/* As in misuse.c; skips where ranks are not checked. */
static bool in_a_process_that_dies(void)
{
	if (!HP_DEBUG_CHECKS) {
		hp_test_skip("ranks are checked in the debug build");
		return false;
	}
	if (hp_test_trapped(""))
		return true;
	g_test_trap_assert_failed();
	g_test_trap_assert_stderr("*hpalloc: broken: *lock*");
	return false;
}

static void rising_ranks_are_fine(void)
{
	hp_lock_acquire(&units);
	hp_lock_acquire(&pool);
	g_assert_true(hp_lock_is_held(&units) && hp_lock_is_held(&pool));
	hp_lock_release(&pool);
	hp_lock_acquire(&other_pool);
	hp_lock_release(&other_pool);
	hp_lock_release(&units);
}

static void a_lower_rank_under_a_higher_one_is_caught(void)
{
	if (!in_a_process_that_dies())
		return;
	hp_lock_acquire(&pool);
	hp_lock_acquire(&units);
}

static void two_locks_of_one_rank_are_caught(void)
{
	if (!in_a_process_that_dies())
		return;
	hp_lock_acquire(&pool);
	hp_lock_acquire(&other_pool);
}

static void a_lock_taken_twice_is_caught(void)
{
	if (!in_a_process_that_dies())
		return;
	hp_lock_acquire(&pool);
	hp_lock_acquire(&pool);
}

static void the_release_of_a_lock_that_is_not_held_is_caught(void)
{
	if (!in_a_process_that_dies())
		return;
	hp_lock_release(&pool);
}

static void *take_a_lower_one(void *unused)
{
	hp_lock_acquire(&units);
	hp_lock_release(&units);
	return unused;
}

static void each_thread_has_ranks_of_its_own(void)
{
	pthread_t thread;

	hp_lock_acquire(&pool);
	g_assert_cmpint(pthread_create(&thread, NULL, take_a_lower_one, NULL), ==, 0);
	pthread_join(thread, NULL);
	hp_lock_release(&pool);
}

/* Between prepare and the end of a fork: the forking thread has all locks, and passes. */
static void who_holds_the_process_passes_every_lock(void)
{
	hp_lock_acquire(&pool);
	hp_lock_hold_process();
	hp_lock_acquire(&units);
	hp_lock_acquire(&pool);
	hp_lock_release(&pool);
	hp_lock_release(&units);
	hp_lock_let_process();
	hp_lock_release(&pool);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lock/rising-ranks-are-fine", rising_ranks_are_fine);
	g_test_add_func("/lock/a-lower-rank-under-a-higher-one-is-caught",
			a_lower_rank_under_a_higher_one_is_caught);
	g_test_add_func("/lock/two-locks-of-one-rank-are-caught", two_locks_of_one_rank_are_caught);
	g_test_add_func("/lock/a-lock-taken-twice-is-caught", a_lock_taken_twice_is_caught);
	g_test_add_func("/lock/the-release-of-a-lock-that-is-not-held-is-caught",
			the_release_of_a_lock_that_is_not_held_is_caught);
	g_test_add_func("/lock/each-thread-has-ranks-of-its-own", each_thread_has_ranks_of_its_own);
	g_test_add_func("/lock/who-holds-the-process-passes-every-lock",
			who_holds_the_process_passes_every_lock);
	return g_test_run();
}

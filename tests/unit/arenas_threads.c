/* Explicit arenas, threads and forks: who may do what, what comes home, and what is kept. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

enum { BLOCKS = 3000, CHILD_SECONDS = 20, BUSY = 3 };

static struct hp_arena *create(enum hp_arena_use use)
{
	return hp_test_arena_create(&(struct hp_arena_options){ .use = use });
}

static void in_a_thread(void *(*body)(void *), void *argument)
{
	pthread_t thread;

	g_assert_cmpint(pthread_create(&thread, NULL, body, argument), ==, 0);
	g_assert_cmpint(pthread_join(thread, NULL), ==, 0);
}

static void *blocks[BLOCKS];

static size_t size_of(size_t i)
{
	return i % 100 ? i % 1500 : 200000;
}

static void fill(struct hp_arena *arena)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = hp_arena_malloc(arena, size_of(i));
		g_assert_nonnull(blocks[i]);
		hp_test_fill(blocks[i], size_of(i), i);
	}
}

static void *free_all(void *unused)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		g_assert_true(hp_test_is_filled(blocks[i], size_of(i), i));
		HP_TEST_KEEPS_ERRNO(hp_free(blocks[i]));
	}
	return unused;
}

static void what_another_thread_frees_comes_home(void)
{
	struct hp_arena *arena = create(HP_ARENA_BOUND);
	uint64_t held;

	fill(arena);
	held = hp_test_arena_stats(arena).held_bytes;
	in_a_thread(free_all, NULL);
	g_assert_cmpuint(hp_test_arena_stats(arena).blocks, ==, 0);
	fill(arena);
	g_assert_cmpuint(hp_test_arena_stats(arena).held_bytes, <=, held + HP_MIB);
	/* Such as are still on their way home are nobody's after a reset. */
	in_a_thread(free_all, NULL);
	hp_arena_reset(arena);
	g_assert_cmpuint(hp_test_arena_stats(arena).blocks, ==, 0);
	fill(arena);
	free_all(NULL);
	hp_arena_destroy(arena);
}

static void a_shared_arena_has_at_once_what_any_thread_frees(void)
{
	struct hp_arena *arena = create(HP_ARENA_SHARED);

	fill(arena);
	in_a_thread(free_all, NULL);
	g_assert_cmpuint(hp_test_arena_stats(arena).in_use_bytes, ==, 0);
	hp_arena_destroy(arena);
}

static void *make_and_fill(void *out_arena)
{
	*(struct hp_arena **)out_arena = create(HP_ARENA_BOUND);
	fill(*(struct hp_arena **)out_arena);
	return NULL;
}

static void an_arena_stays_when_its_thread_ends(void)
{
	uint64_t before = hp_test_stats().in_use_bytes;
	struct hp_arena *arena = NULL;

	in_a_thread(make_and_fill, &arena);
	free_all(NULL);
	hp_arena_destroy(arena);
	in_a_thread(make_and_fill, &arena);
	for (size_t i = 0; i < BLOCKS; i++)
		g_assert_true(hp_test_is_filled(blocks[i], size_of(i), i));
	hp_arena_destroy(arena);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, before);
}

static void a_thread_that_idles_gives_back_what_it_keeps(void)
{
	void *kept[600];
	uint64_t before, after;

	if (!hp_test_fresh("HPALLOC_BACKING=base HPALLOC_DECAY_MS=3600000"))
		return;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < HP_TEST_COUNT(kept); i++)
			kept[i] = hp_malloc(1000);
		for (size_t i = 0; i < HP_TEST_COUNT(kept); i++)
			hp_free(kept[i]);
	}
	hp_trim(0);
	for (size_t i = 0; i < HP_TEST_COUNT(kept); i++)
		kept[i] = hp_malloc(1000);
	for (size_t i = 0; i < HP_TEST_COUNT(kept); i++)
		hp_free(kept[i]);
	before = hp_test_stats().idle_bytes;
	HP_TEST_KEEPS_ERRNO(hp_thread_idle());
	after = hp_test_stats().idle_bytes;
	/* The last slabs were all that held their hugepage. */
	g_assert_cmpuint(before, ==, 0);
	g_assert_cmpuint(after, >, 0);
}

/* A slab that was fresh, and is kept over a reset, is not taken for fresh. */
static void what_a_reset_keeps_is_not_taken_for_zero(void)
{
	struct hp_arena *arena;
	void *block, *other;

	if (!hp_test_fresh(""))
		return;
	arena = create(HP_ARENA_BOUND);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2000; i++)
			hp_arena_malloc(arena, 64);
		hp_arena_reset(arena);
	}
	/* Now it keeps what is empty; all that was used so far is another's. */
	hp_thread_idle();
	other = hp_malloc(500 * HP_KIB);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 30; i++) {
			block = hp_arena_calloc(arena, 1, 2000);
			g_assert_true(hp_test_is_zero(block, 2000));
			memset(block, 0xff, 2000);
		}
		hp_arena_reset(arena);
	}
	hp_arena_destroy(arena);
	hp_free(other);
}

static void a_small_arena_keeps_its_slabs_over_resets(void)
{
	struct hp_arena *arena = create(HP_ARENA_BOUND);

	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 1000; k++)
			hp_arena_malloc(arena, 100);
		hp_arena_reset(arena);
	}
	g_assert_cmpuint(hp_test_arena_stats(arena).held_bytes, >=, 100000);
	hp_thread_idle();
	g_assert_cmpuint(hp_test_arena_stats(arena).held_bytes, ==, 0);
	hp_arena_destroy(arena);
}

static void *idle_without_ever_allocating(void *unused)
{
	hp_thread_idle();
	return unused;
}

static void a_thread_without_an_arena_may_idle(void)
{
	in_a_thread(idle_without_ever_allocating, NULL);
}

/* ---- fork ---- */

static atomic_bool is_over;

static void *stay_busy(void *arena)
{
	uint64_t random = (uintptr_t)&random;

	while (!atomic_load(&is_over)) {
		void *block = hp_arena_malloc(arena, hp_test_random(&random) % 5000);

		g_assert_nonnull(block);
		hp_free(block);
	}
	return NULL;
}

/* In a child, with blocks of an arena that is usable there. */
static void go_on_with(struct hp_arena *arena)
{
	free_all(NULL);
	fill(arena);
	hp_arena_reset(arena);
	g_assert_cmpuint(hp_test_arena_stats(arena).blocks, ==, 0);
	fill(arena);
	hp_arena_destroy(arena);
}

static void the_child_goes_on_with(enum hp_arena_use use)
{
	struct hp_arena *arena = create(use);
	pid_t child;

	fill(arena);
	child = hp_test_fork_for(CHILD_SECONDS);
	if (child == 0) {
		go_on_with(arena);
		_exit(0);
	}
	free_all(NULL);
	hp_test_child_did_well(child);
	g_assert_cmpuint(hp_test_arena_stats(arena).blocks, ==, 0);
	hp_arena_destroy(arena);
}

static void the_child_goes_on_with_its_arenas(void)
{
	if (hp_test_skips_threaded_forks())
		return;
	the_child_goes_on_with(HP_ARENA_SHARED);
	the_child_goes_on_with(HP_ARENA_BOUND);
}

/* Its lock is never inherited held. */
static void the_child_finds_a_busy_arena_unlocked(void)
{
	const double end = hp_test_seconds() + 2;
	struct hp_arena *arena, *used = create(HP_ARENA_SHARED);
	pthread_t threads[BUSY];
	unsigned forks = 0;

	if (hp_test_skips_threaded_forks())
		return;
	for (size_t i = 0; i < BUSY; i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, stay_busy, used), ==, 0);
	for (; hp_test_seconds() < end; forks++) {
		pid_t child;

		arena = create(HP_ARENA_SHARED);
		child = hp_test_fork_for(CHILD_SECONDS);
		if (child == 0) {
			for (size_t i = 0; i < 1000; i++)
				hp_free(hp_arena_malloc(used, i));
			hp_arena_reset(used);
			g_assert_cmpuint(hp_test_arena_stats(used).blocks, ==, 0);
			hp_arena_destroy(used);
			hp_arena_destroy(arena);
			_exit(0);
		}
		hp_test_child_did_well(child);
		hp_arena_destroy(arena);
	}
	atomic_store(&is_over, true);
	for (size_t i = 0; i < BUSY; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&is_over, false);
	g_test_message("%u forks", forks);
	hp_arena_destroy(used);
}

static _Atomic(struct hp_arena *) bound;

static void *be_bound_and_busy(void *unused)
{
	struct hp_arena *arena = create(HP_ARENA_BOUND);

	fill(arena);
	atomic_store(&bound, arena);
	stay_busy(arena);
	hp_arena_destroy(arena);
	return unused;
}

static void the_child_can_end_what_is_bound_to_a_thread_that_is_gone(void)
{
	pthread_t thread;

	if (hp_test_skips_threaded_forks())
		return;
	g_assert_cmpint(pthread_create(&thread, NULL, be_bound_and_busy, NULL), ==, 0);
	while (!atomic_load(&bound))
		hp_test_sleep_ms(1);
	for (int i = 0; i < 30; i++) {
		pid_t child = hp_test_fork_for(CHILD_SECONDS);

		if (child == 0) {
			uint64_t in_use = hp_test_stats().in_use_bytes;

			if (i % 2)
				free_all(NULL);
			hp_arena_destroy(atomic_load(&bound));
			g_assert_cmpuint(hp_test_stats().in_use_bytes, <, in_use);
			hp_trim(0);
			_exit(0);
		}
		hp_test_child_did_well(child);
	}
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/arenas/what-another-thread-frees-comes-home",
			what_another_thread_frees_comes_home);
	g_test_add_func("/arenas/a-shared-arena-has-at-once-what-any-thread-frees",
			a_shared_arena_has_at_once_what_any_thread_frees);
	g_test_add_func("/arenas/an-arena-stays-when-its-thread-ends",
			an_arena_stays_when_its_thread_ends);
	g_test_add_func("/arenas/a-thread-that-idles-gives-back-what-it-keeps",
			a_thread_that_idles_gives_back_what_it_keeps);
	g_test_add_func("/arenas/what-a-reset-keeps-is-not-taken-for-zero",
			what_a_reset_keeps_is_not_taken_for_zero);
	g_test_add_func("/arenas/a-small-arena-keeps-its-slabs-over-resets",
			a_small_arena_keeps_its_slabs_over_resets);
	g_test_add_func("/arenas/a-thread-without-an-arena-may-idle",
			a_thread_without_an_arena_may_idle);
	g_test_add_func("/arenas/the-child-goes-on-with-its-arenas",
			the_child_goes_on_with_its_arenas);
	g_test_add_func("/arenas/the-child-finds-a-busy-arena-unlocked",
			the_child_finds_a_busy_arena_unlocked);
	g_test_add_func("/arenas/the-child-can-end-what-is-bound-to-a-thread-that-is-gone",
			the_child_can_end_what_is_bound_to_a_thread_that_is_gone);
	return g_test_run();
}

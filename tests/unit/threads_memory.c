/*
 * What threads cost: little while they idle, nothing once they are gone, the same after any number
 * of them; and blocks that other threads free come back.
 */
#include <errno.h>
#include <pthread.h>

#include "support.h"

enum { THREADS = 200, CLASSES = 8, EACH = 64 };

static pthread_barrier_t barrier;

static void start(pthread_t *threads, size_t count, void *(*body)(void *), void *argument)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 * HP_KIB);
	for (size_t i = 0; i < count; i++)
		g_assert_cmpint(pthread_create(&threads[i], &attributes, body, argument), ==, 0);
	pthread_attr_destroy(&attributes);
}

static void join(const pthread_t *threads, size_t count)
{
	for (size_t i = 0; i < count; i++)
		g_assert_cmpint(pthread_join(threads[i], NULL), ==, 0);
}

/* Touches as much stack as the work below will, so that the baseline has it. */
static void __attribute__((noinline)) touch_stack(void)
{
	char stack[32 * HP_KIB];

	hp_test_touch(stack, sizeof(stack));
}

static void *touch_eight_classes_and_idle(void *argument)
{
	void *blocks[CLASSES][EACH];

	(void)argument;
	touch_stack();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (size_t i = 0; i < CLASSES; i++) {
		for (size_t j = 0; j < EACH; j++) {
			blocks[i][j] = hp_malloc((size_t)16 << i);
			hp_test_fill(blocks[i][j], (size_t)16 << i, j);
		}
	}
	for (size_t i = 0; i < CLASSES; i++) {
		for (size_t j = 0; j < EACH; j++)
			hp_free(blocks[i][j]);
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void idle_threads_cost_less_than_12_mb_for_200(void)
{
	pthread_t threads[THREADS];
	uint64_t before, after, most;
	struct hp_stats stats;

	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh(""))
		return;
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	start(threads, THREADS, touch_eight_classes_and_idle, NULL);
	pthread_barrier_wait(&barrier);
	before = hp_test_resident_bytes();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	stats = hp_test_stats();
	after = hp_test_resident_bytes();
	g_test_message("heap %zu KiB, metadata %zu KiB, resident %zu KiB",
		       (size_t)stats.heap_bytes >> 10, (size_t)stats.metadata_bytes >> 10,
		       (size_t)(after - before) >> 10);
	/* Under hardening each thread has 2 KB of quarantine, and what waits there. */
	most = hp_test_is_hardened() ? 64 * HP_MIB : 12 * HP_MIB;
	g_assert_cmpuint(stats.heap_bytes + stats.metadata_bytes, <, most);
	g_assert_cmpuint(after - before, <, most);
	pthread_barrier_wait(&barrier);
	join(threads, THREADS);
}

static void *use_and_free_all(void *argument)
{
	void **blocks = g_new(void *, 8 * HP_KIB);

	(void)argument;
	for (size_t i = 0; i < 8 * HP_KIB; i++)
		blocks[i] = hp_malloc(16 + i % 4000);
	for (size_t i = 0; i < 8 * HP_KIB; i++)
		hp_free(blocks[i]);
	g_free(blocks);
	return NULL;
}

/* As a thread pool does: all threads work and end for good, hundreds of them, again and again. */
static void ended_threads_are_reused_by_new_ones(void)
{
	pthread_t threads[THREADS];

	if (!hp_test_fresh(""))
		return;
	for (int round = 0; round < 5; round++) {
		start(threads, THREADS, use_and_free_all, NULL);
		join(threads, THREADS);
	}
	g_assert_cmpuint(hp_test_stats().arenas, <=, THREADS + 1);
}

static void *leave_64_mb(void *out)
{
	void **blocks = out;

	for (size_t i = 0; i < 64 * HP_KIB; i++)
		blocks[i] = hp_malloc(1000);
	return NULL;
}

static void *free_64_mb(void *argument)
{
	void **blocks = argument;

	for (size_t i = 0; i < 64 * HP_KIB; i++)
		hp_free(blocks[i]);
	return NULL;
}

/* The thread that took them is gone when they are freed, and no new one adopts its memory. */
static void blocks_of_an_ended_thread_come_back(void)
{
	void **blocks = g_new(void *, 64 * HP_KIB);
	pthread_t thread;

	if (hp_test_fresh("")) {
		start(&thread, 1, leave_64_mb, blocks);
		join(&thread, 1);
		g_assert_cmpuint(hp_test_stats().heap_bytes, >=, 62 * HP_MIB);
		free_64_mb(blocks);
		g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 12 * HP_MIB);
	}
	g_free(blocks);
}

/* ... the same where the thread still lives meanwhile, but never calls the heap again. */
static void *leave_64_mb_and_idle(void *out)
{
	leave_64_mb(out);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void blocks_of_an_idle_thread_can_be_trimmed_once_it_ended(void)
{
	void **blocks = g_new(void *, 64 * HP_KIB);
	pthread_t thread;

	if (hp_test_fresh("")) {
		pthread_barrier_init(&barrier, NULL, 2);
		start(&thread, 1, leave_64_mb_and_idle, blocks);
		pthread_barrier_wait(&barrier);
		free_64_mb(blocks);
		pthread_barrier_wait(&barrier);
		join(&thread, 1);
		hp_trim(0);
		g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
		g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 8 * HP_MIB);
	}
	g_free(blocks);
}

static void a_thread_that_only_frees_hands_everything_back(void)
{
	void **blocks = g_new(void *, 64 * HP_KIB);
	pthread_t thread;

	if (hp_test_fresh("")) {
		leave_64_mb(blocks);
		start(&thread, 1, free_64_mb, blocks);
		join(&thread, 1);
		for (int i = 0; i < 20; i++)
			hp_free(hp_malloc(1000));
		hp_trim(0);
		g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
		g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 8 * HP_MIB);
	}
	g_free(blocks);
}

static void ended_threads_leave_nothing_though_no_other_is_born(void)
{
	pthread_t threads[20];
	struct hp_stats stats;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=0"))
		return;
	start(threads, HP_TEST_COUNT(threads), use_and_free_all, NULL);
	join(threads, HP_TEST_COUNT(threads));
	stats = hp_test_stats();
	g_assert_cmpuint(stats.in_use_bytes, ==, 0);
	g_assert_cmpuint(stats.heap_bytes, <=, 8 * HP_MIB);
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().orphans, <=, HP_TEST_COUNT(threads));
}

/* Each thread leaves blocks in its slot, which the thread that comes next there frees. */
static void *replace_blocks(void *argument)
{
	void **slot = argument;

	for (size_t i = 0; i < 20; i++) {
		hp_free(slot[i]);
		slot[i] = hp_malloc(24 + i * 40);
		hp_test_fill(slot[i], 24, i);
	}
	return NULL;
}

static void any_number_of_threads_ten_at_a_time_takes_constant_memory(void)
{
	const size_t rounds = hp_test_is_full() ? 10000 : HP_TEST_ASAN || HP_TEST_TSAN ? 50 : 1000;
	void *slots[10][20] = { { NULL } };
	struct hp_stats early = { 0 }, late;
	pthread_t threads[10];

	if (!hp_test_fresh(""))
		return;
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < 10; i++)
			start(&threads[i], 1, replace_blocks, slots[i]);
		join(threads, 10);
		if (round == rounds / 10)
			early = hp_test_stats();
	}
	late = hp_test_stats();
	g_assert_cmpuint(late.heap_bytes, <=, early.heap_bytes + HP_TEST_HUGEPAGE);
	g_assert_cmpuint(late.metadata_bytes, <=, early.metadata_bytes + HP_MIB);
	g_assert_cmpuint(late.arenas, <=, early.arenas + 20);
	for (size_t i = 0; i < 10; i++) {
		for (size_t j = 0; j < 20; j++) {
			g_assert_true(hp_test_is_filled(slots[i][j], 24, j));
			hp_free(slots[i][j]);
		}
	}
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/threads-memory/idle-threads-cost-less-than-12-mb-for-200",
			idle_threads_cost_less_than_12_mb_for_200);
	g_test_add_func("/threads-memory/blocks-of-an-ended-thread-come-back",
			blocks_of_an_ended_thread_come_back);
	g_test_add_func("/threads-memory/blocks-of-an-idle-thread-can-be-trimmed-once-it-ended",
			blocks_of_an_idle_thread_can_be_trimmed_once_it_ended);
	g_test_add_func("/threads-memory/a-thread-that-only-frees-hands-everything-back",
			a_thread_that_only_frees_hands_everything_back);
	g_test_add_func("/threads-memory/ended-threads-leave-nothing-though-no-other-is-born",
			ended_threads_leave_nothing_though_no_other_is_born);
	g_test_add_func("/threads-memory/ended-threads-are-reused-by-new-ones",
			ended_threads_are_reused_by_new_ones);
	g_test_add_func("/threads-memory/any-number-of-threads-takes-constant-memory",
			any_number_of_threads_ten_at_a_time_takes_constant_memory);
	return g_test_run();
}

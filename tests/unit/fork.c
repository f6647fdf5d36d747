/*
 * Fork: the child of a threaded program can use the heap and start threads at once, both sides go
 * on for good, and what the other threads held in the parent is not lost to the child.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "support.h"

enum { BUSY = 3, CHILD_SECONDS = 20 };

static atomic_bool is_over;

static void *stay_busy(void *argument)
{
	uint64_t random = (uintptr_t)argument + 1;
	void *blocks[128] = { NULL };
	size_t bytes[128] = { 0 };

	while (!atomic_load(&is_over)) {
		size_t i = hp_test_random(&random) % HP_TEST_COUNT(blocks);

		g_assert_true(hp_test_is_filled(blocks[i], bytes[i], i));
		hp_free(blocks[i]);
		bytes[i] = hp_test_random(&random) % (i == 0 ? 3 * HP_MIB : 3000);
		blocks[i] = hp_malloc(bytes[i]);
		hp_test_fill(blocks[i], bytes[i], i);
	}
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		hp_free(blocks[i]);
	return NULL;
}

static void start_busy(pthread_t *threads)
{
	for (size_t i = 0; i < BUSY; i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, stay_busy, (void *)i), ==, 0);
}

static void end_busy(const pthread_t *threads)
{
	atomic_store(&is_over, true);
	for (size_t i = 0; i < BUSY; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&is_over, false);
}

static void *use_the_heap(void *argument)
{
	const size_t sizes[] = { 1, 64, 1000, 20000, 200 * HP_KIB, 3 * HP_MIB };

	for (int round = 0; round < 3; round++) {
		void *blocks[HP_TEST_COUNT(sizes)];

		for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
			blocks[i] = hp_malloc(sizes[i]);
			g_assert_nonnull(blocks[i]);
			hp_test_fill(blocks[i], sizes[i], i);
		}
		for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
			g_assert_true(hp_test_is_filled(blocks[i], sizes[i], i));
			hp_free(blocks[i]);
		}
	}
	return argument;
}

static void use_the_heap_in_threads(void)
{
	pthread_t threads[3];

	if (!HP_TEST_CHILD_HAS_THREADS)
		return;
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, use_the_heap, NULL), ==, 0);
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

static void the_child_of_a_threaded_program_uses_the_heap_at_once(void)
{
	const double end = hp_test_seconds() + 2;
	pthread_t threads[BUSY];
	size_t forks = 0;

	if (hp_test_skips_threaded_forks())
		return;
	start_busy(threads);
	while (hp_test_seconds() < end) {
		void *block = hp_malloc(5000);
		pid_t child;

		hp_test_fill(block, 5000, forks);
		child = hp_test_fork_for(CHILD_SECONDS);
		if (child == 0) {
			g_assert_true(hp_test_is_filled(block, 5000, forks));
			hp_free(block);
			use_the_heap(NULL);
			use_the_heap_in_threads();
			hp_trim(0);
			hp_test_stats();
			_exit(0);
		}
		use_the_heap(NULL);
		hp_test_child_did_well(child);
		g_assert_true(hp_test_is_filled(block, 5000, forks));
		hp_free(block);
		forks++;
	}
	end_busy(threads);
	g_test_message("%zu forks", forks);
	g_assert_cmpuint(forks, >=, 3);
}

static void grandchildren_do_as_well(void)
{
	pthread_t threads[BUSY];
	pid_t child;

	if (hp_test_skips_threaded_forks())
		return;
	start_busy(threads);
	child = hp_test_fork_for(CHILD_SECONDS);
	if (child == 0) {
		pthread_t young[BUSY];
		pid_t grandchild;

		if (HP_TEST_CHILD_HAS_THREADS)
			start_busy(young);
		use_the_heap(NULL);
		grandchild = hp_test_fork_for(CHILD_SECONDS);
		if (grandchild == 0) {
			use_the_heap_in_threads();
			_exit(0);
		}
		hp_test_child_did_well(grandchild);
		if (HP_TEST_CHILD_HAS_THREADS)
			end_busy(young);
		_exit(0);
	}
	hp_test_child_did_well(child);
	end_busy(threads);
}

static void *fork_and_use(void *argument)
{
	for (int i = 0; i < 20; i++) {
		pid_t child = hp_test_fork_for(CHILD_SECONDS);

		if (child == 0) {
			use_the_heap(NULL);
			_exit(0);
		}
		use_the_heap(NULL);
		hp_test_child_did_well(child);
	}
	return argument;
}

static void several_threads_fork_at_once(void)
{
	pthread_t busy[BUSY], forking[3];

	if (hp_test_skips_threaded_forks())
		return;
	start_busy(busy);
	for (size_t i = 0; i < HP_TEST_COUNT(forking); i++)
		pthread_create(&forking[i], NULL, fork_and_use, NULL);
	for (size_t i = 0; i < HP_TEST_COUNT(forking); i++)
		pthread_join(forking[i], NULL);
	end_busy(busy);
}

static void *leave_blocks(void *out)
{
	void **blocks = out;

	for (size_t i = 0; i < 10000; i++) {
		blocks[i] = hp_malloc(100 + i % 1000);
		hp_test_fill(blocks[i], 100, i);
	}
	for (;;)
		pause();
	return NULL;
}

/* The other thread's blocks are freed in the child, where that thread does not exist. */
static void the_child_frees_what_other_threads_took(void)
{
	static void *blocks[10000];
	pthread_t thread;
	pid_t child;

	if (hp_test_skips_threaded_forks())
		return;
	if (!hp_test_fresh(""))
		return;
	pthread_create(&thread, NULL, leave_blocks, blocks);
	while (!__atomic_load_n(&blocks[9999], __ATOMIC_ACQUIRE))
		hp_test_sleep_ms(1);
	child = hp_test_fork_for(CHILD_SECONDS);
	for (size_t i = 0; i < 9999; i++) {
		g_assert_true(hp_test_is_filled(blocks[i], 100, i));
		hp_free(blocks[i]);
	}
	if (child == 0) {
		hp_free(blocks[9999]);
		hp_trim(0);
		g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
		g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 4 * HP_TEST_HUGEPAGE);
		_exit(0);
	}
	hp_test_child_did_well(child);
}

static void generations_of_children_go_on_for_good(void)
{
	const int generations = hp_test_is_full() ? 200 : 40;
	void *block;
	pid_t child = 0;

	if (!hp_test_fresh(""))
		return;
	block = hp_malloc(3000);
	hp_test_fill(block, 3000, 1);
	for (int i = 0; i < generations && child == 0; i++) {
		g_assert_true(hp_test_is_filled(block, 3000, 1));
		block = hp_realloc(block, 3000 + (size_t)i * 10000);
		use_the_heap(NULL);
		use_the_heap_in_threads();
		child = hp_test_fork_for(CHILD_SECONDS);
	}
	if (child != 0)
		hp_test_child_did_well(child);
	hp_free(block);
	if (child == 0)
		_exit(0);
}

static int handler_runs;

static void use_in_handler(void)
{
	use_the_heap(NULL);
	handler_runs++;
}

/* Handlers that were registered before and after ours, which may run inside our gate. */
static void fork_handlers_of_the_program_use_the_heap(void)
{
	pthread_t threads[BUSY];

	if (hp_test_skips_threaded_forks())
		return;
	if (!hp_test_fresh(""))
		return;
	pthread_atfork(use_in_handler, use_in_handler, use_in_handler);
	hp_free(hp_malloc(1));
	pthread_atfork(use_in_handler, use_in_handler, use_in_handler);
	start_busy(threads);
	for (int i = 0; i < 20; i++) {
		pid_t child = hp_test_fork_for(CHILD_SECONDS);

		if (child == 0) {
			g_assert_cmpint(handler_runs, ==, 4 * i + 4);
			use_the_heap_in_threads();
			_exit(0);
		}
		hp_test_child_did_well(child);
	}
	end_busy(threads);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fork/the-child-of-a-threaded-program-uses-the-heap-at-once",
			the_child_of_a_threaded_program_uses_the_heap_at_once);
	g_test_add_func("/fork/grandchildren-do-as-well", grandchildren_do_as_well);
	g_test_add_func("/fork/several-threads-fork-at-once", several_threads_fork_at_once);
	g_test_add_func("/fork/the-child-frees-what-other-threads-took",
			the_child_frees_what_other_threads_took);
	g_test_add_func("/fork/generations-of-children-go-on-for-good",
			generations_of_children_go_on_for_good);
	g_test_add_func("/fork/fork-handlers-of-the-program-use-the-heap",
			fork_handlers_of_the_program_use_the_heap);
	return g_test_run();
}

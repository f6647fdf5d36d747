/*
 * All statistics are asked for while threads take, hand over and free blocks of all sizes and come
 * and go: nothing crashes, no figure is beyond what there is, and at the end all is exact.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <hpalloc/publish.h>

#include "rt/counters.h"
#include "stress.h"

enum { WORKERS = 5, SLOTS = 60, BOARD = 128, ROUND = 200 };

static _Atomic(void *) board[BOARD];

static void *any_block(uint64_t *random)
{
	static const size_t limits[] = { 64, 500, 500, 5000, 50000, 400000, 5000000 };

	return hp_stress_take(16 + hp_test_random(random) %
					   limits[hp_test_random(random) % HP_TEST_COUNT(limits)]);
}

static void do_any(void **own, uint64_t *random)
{
	void **block = &own[hp_test_random(random) % SLOTS];

	if (hp_test_random(random) % 3 == 0) {
		*block = atomic_exchange(&board[hp_test_random(random) % BOARD], *block);
		return;
	}
	hp_stress_free(*block);
	*block = hp_test_random(random) % 4 ? any_block(random) : NULL;
}

static void *work(void *number)
{
	uint64_t random = (uintptr_t)number + 77;
	void *own[SLOTS] = { NULL };

	for (int i = 0; i < ROUND; i++)
		do_any(own, &random);
	for (size_t i = 0; i < SLOTS; i++)
		hp_stress_free(own[i]);
	return NULL;
}

/* Threads that live for one round each, one after the other. */
static void come_and_go(void *number)
{
	while (!hp_stress_is_over()) {
		pthread_t thread;

		g_assert_cmpint(pthread_create(&thread, NULL, work, number), ==, 0);
		pthread_join(thread, NULL);
	}
}

static void stay(void *number)
{
	while (!hp_stress_is_over())
		work(number);
}

static void ask_classes_and_arenas(uint64_t most)
{
	struct hp_stats_class classes[128];
	struct hp_stats_arena arenas[64];
	size_t class_count = HP_TEST_COUNT(classes), arena_count = HP_TEST_COUNT(arenas);

	g_assert_cmpint(hp_stats_get_classes(classes, sizeof(*classes), &class_count), ==, 0);
	for (size_t i = 0; i < class_count; i++) {
		g_assert_cmpuint(classes[i].slab_bytes, <=, most);
		g_assert_cmpuint(classes[i].blocks * classes[i].block_bytes, <=, most);
		g_assert_cmpuint(classes[i].free_blocks * classes[i].block_bytes, <=, most);
	}
	g_assert_cmpint(hp_stats_get_arenas(arenas, sizeof(*arenas), &arena_count), ==, 0);
	for (size_t i = 0; i < arena_count && i < HP_TEST_COUNT(arenas); i++) {
		g_assert_cmpuint(arenas[i].live_bytes, <=, most);
		g_assert_cmpuint(arenas[i].state, <=, HP_STATS_ARENA_LATE);
	}
}

static void *ask(void *unused)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	uint64_t asked = 0;

	while (!hp_stress_is_over()) {
		struct hp_published *page = hp_counters_page();
		struct hp_stats stats = hp_test_stats();

		if (page)
			__atomic_store_n(&page->asked, ++asked, __ATOMIC_RELAXED);
		g_assert_cmpuint(stats.in_use_bytes, <=, stats.reserved_bytes);
		g_assert_cmpuint(stats.slab_bytes + stats.gap_bytes, <=, 2 * stats.reserved_bytes);
		g_assert_cmpuint(stats.outbox_bytes, <=, stats.reserved_bytes);
		ask_classes_and_arenas(stats.reserved_bytes);
		g_assert_cmpint(hp_stats_print(nowhere, asked % 2 ? HP_STATS_TEXT : HP_STATS_JSON),
				==, 0);
	}
	close(nowhere);
	return unused;
}

static void *run(void *number)
{
	if ((uintptr_t)number == 0)
		return ask(NULL);
	if ((uintptr_t)number % 2)
		come_and_go(number);
	else
		stay(number);
	return NULL;
}

static void run_all(void)
{
	struct hp_stats stats;

	hp_stress_begin();
	hp_stress_run(WORKERS + 1, run);
	for (size_t i = 0; i < BOARD; i++)
		hp_stress_free(atomic_load(&board[i]));
	hp_stress_end();
	stats = hp_test_stats();
	g_assert_cmpuint(stats.in_use_blocks, ==, 0);
	g_assert_cmpuint(stats.inbox_bytes + stats.outbox_bytes, ==, 0);
	g_assert_cmpuint(stats.slabs_taken - stats.slabs_given, ==, stats.slabs);
	g_assert_cmpuint(stats.large_taken, ==, stats.large_given);
	g_assert_cmpuint(stats.handed_blocks, >, 0);
}

static void figures_beside_threads_are_sane(void)
{
	if (hp_test_fresh(""))
		run_all();
}

static void readers_of_the_published_page_are_answered(void)
{
	const struct hp_published *page;

	if (!hp_test_fresh("HPALLOC_PUBLISH=1 HPALLOC_DECAY_MS=0"))
		return;
	page = hp_counters_page();
	g_assert_nonnull(page);
	run_all();
	g_assert_cmpuint(page->answered, >, 0);
	g_assert_cmpuint(page->sequence % 2, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/census/figures-beside-threads-are-sane", figures_beside_threads_are_sane);
	g_test_add_func("/census/readers-of-the-published-page-are-answered",
			readers_of_the_published_page_are_answered);
	return g_test_run();
}

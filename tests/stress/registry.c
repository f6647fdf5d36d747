/*
 * The list of arenas is walked by statistics and by trim, in several threads at once, while
 * threads come and go, and blocks of ended ones are freed.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "stress.h"

enum { WALKERS = 2, SOURCES = 2, LEFT = 50 };

static atomic_uint walks, births;

static void *leave_blocks(void *out)
{
	void **blocks = out;

	for (size_t i = 0; i < LEFT; i++)
		blocks[i] = hp_stress_take(16 + i * 20);
	return NULL;
}

static void come_and_go(void)
{
	void *blocks[4][LEFT];
	pthread_t threads[4];

	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, leave_blocks, blocks[i]), ==, 0);
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++) {
		pthread_join(threads[i], NULL);
		for (size_t j = 0; j < LEFT; j++)
			hp_stress_free(blocks[i][j]);
	}
	atomic_fetch_add(&births, HP_TEST_COUNT(threads));
}

/* At most what can be alive: a sum over arenas that were freed meanwhile would be anything. */
static void walk(size_t number)
{
	struct hp_stats stats = hp_test_stats();

	g_assert_cmpuint(stats.in_use_bytes, <, HP_GIB);
	g_assert_cmpuint(stats.arenas, <, 10000);
	if (number == 0)
		hp_trim(0);
	atomic_fetch_add(&walks, 1);
}

static void *run(void *number)
{
	while (!hp_stress_is_over()) {
		if ((size_t)number < WALKERS)
			walk((size_t)number);
		else
			come_and_go();
	}
	return NULL;
}

static void walkers_meet_threads_that_come_and_go(void)
{
	hp_stress_begin();
	hp_stress_run(WALKERS + SOURCES, run);
	g_test_message("%u walks, %u threads", atomic_load(&walks), atomic_load(&births));
	g_assert_cmpuint(atomic_load(&walks), >=, 10);
	g_assert_cmpuint(atomic_load(&births), >=, 10);
	hp_stress_end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/registry/walkers-meet-threads-that-come-and-go",
			walkers_meet_threads_that_come_and_go);
	return g_test_run();
}

/*
 * A server's threads: each replaces blocks in a table at random, starts its successor with that
 * table and ends; so nearly all blocks are freed by another thread than took them, which is gone.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "stress.h"

enum { LINES = 8, BLOCKS = 500, ROUNDS = 2000 };

struct line {
	void *blocks[BLOCKS];
	uint64_t random;
	pthread_t predecessor; /* 0: none */
};

static pthread_barrier_t all_over;
static atomic_uint generations;

/* The predecessor ends while its blocks are freed here; it is joined when it is long gone. */
static void end_predecessor(struct line *line)
{
	if (line->predecessor)
		g_assert_cmpint(pthread_join(line->predecessor, NULL), ==, 0);
	line->predecessor = pthread_self();
}

static void *serve(void *argument)
{
	struct line *line = argument;
	pthread_t successor;

	for (int i = 0; i < ROUNDS; i++) {
		size_t slot = hp_test_random(&line->random) % BLOCKS;
		size_t bytes = 16 + hp_test_random(&line->random) % (i % 100 ? 1000 : 60000);

		hp_stress_free(line->blocks[slot]);
		line->blocks[slot] = hp_stress_take(bytes);
	}
	atomic_fetch_add(&generations, 1);
	end_predecessor(line);
	if (hp_stress_is_over())
		pthread_barrier_wait(&all_over);
	else
		g_assert_cmpint(pthread_create(&successor, NULL, serve, line), ==, 0);
	return NULL;
}

static void blocks_outlive_generations_of_threads(void)
{
	struct line *lines = g_new0(struct line, LINES);

	hp_stress_begin();
	pthread_barrier_init(&all_over, NULL, LINES + 1);
	for (size_t i = 0; i < LINES; i++) {
		pthread_t first;

		lines[i].random = i + 1;
		g_assert_cmpint(pthread_create(&first, NULL, serve, &lines[i]), ==, 0);
	}
	pthread_barrier_wait(&all_over);
	for (size_t i = 0; i < LINES; i++) {
		pthread_join(lines[i].predecessor, NULL);
		for (size_t j = 0; j < BLOCKS; j++)
			hp_stress_free(lines[i].blocks[j]);
	}
	g_test_message("%u generations", atomic_load(&generations));
	g_assert_cmpuint(atomic_load(&generations), >=, 2 * LINES);
	hp_stress_end();
	g_free(lines);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/successors/blocks-outlive-generations-of-threads",
			blocks_outlive_generations_of_threads);
	return g_test_run();
}

/*
 * A server: each thread takes over an array of blocks of 8 to 1,000 bytes, replaces as many as it
 * holds, drawn at random, starts a successor for the array, and ends. So nearly every free is of a
 * block whose thread is gone, and threads come and go all the time. The first arrays are filled by
 * the main thread. One operation is one malloc and one free, all threads together; their births
 * are in the time.
 */
#include "workload.h"

#include <pthread.h>
#include <semaphore.h>

enum { BLOCKS = 4096, SIZE_MIN = 8, SIZE_MAX_EXCLUSIVE = 1001, CHAINS_MAX = 8 };

static struct chain {
	void *blocks[BLOCKS];
	uint64_t random;
	size_t generations; /* still to live, this one included */
} chains[CHAINS_MAX];

static sem_t ended;

static void *new_block(struct chain *chain)
{
	return bench_new(SIZE_MIN +
			 bench_random_below(&chain->random, SIZE_MAX_EXCLUSIVE - SIZE_MIN));
}

static void *serve(void *argument);

/* Detached: nobody is left to join it when its successor works. */
static void start_thread(struct chain *chain)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	bench_check(!pthread_create(&thread, &attributes, serve, chain), "no thread");
	pthread_attr_destroy(&attributes);
}

static void *serve(void *argument)
{
	struct chain *chain = argument;

	for (size_t i = 0; i < BLOCKS; i++) {
		void **at = &chain->blocks[bench_random_below(&chain->random, BLOCKS)];

		bench_delete(*at);
		*at = new_block(chain);
	}
	if (--chain->generations)
		start_thread(chain);
	else
		sem_post(&ended);
	return NULL;
}

static void fill(struct chain *chain, uint64_t seed, size_t generations)
{
	chain->random = seed;
	chain->generations = generations;
	for (size_t i = 0; i < BLOCKS; i++)
		chain->blocks[i] = new_block(chain);
}

static void run(const struct bench_case *self)
{
	size_t count = self->parameter, generations = bench_count(3200) / count;
	double begin, seconds;

	sem_init(&ended, 0, 0);
	for (size_t i = 0; i < count; i++)
		fill(&chains[i], i + 1, generations);
	begin = bench_now();
	for (size_t i = 0; i < count; i++)
		start_thread(&chains[i]);
	for (size_t i = 0; i < count; i++) {
		while (sem_wait(&ended))
			;
	}
	seconds = bench_now() - begin;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < BLOCKS; j++)
			bench_delete(chains[i].blocks[j]);
	}
	bench_report_ns(self, seconds, (double)(count * generations * BLOCKS));
}

const struct bench_case bench_cases[] = {
	{ "server-2t", run, 2, 0 },
	{ "server-8t", run, 8, 0 },
	{ 0 },
};

/*
 * Birth and death of threads: each allocates 100 small blocks, frees them, ends. One after the
 * other, or four at a time. The result is the time of one thread, its creation and its end
 * included: what an allocator sets up and takes down for a thread counts.
 */
#include "workload.h"

#include <pthread.h>

enum { TEAM_MAX = 4, BLOCKS = 100 };

struct member {
	pthread_t thread;
	uint64_t random;
	size_t bytes; /* freed by it */
};

static void *live_and_die(void *argument)
{
	struct member *self = argument;
	void *blocks[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = bench_new(16 + bench_random_below(&self->random, 512 - 16 + 1));
	for (size_t i = 0; i < BLOCKS; i++)
		self->bytes += bench_delete(blocks[i]);
	return NULL;
}

/* parameter: how many at a time */
static void run(const struct bench_case *self)
{
	static struct member team[TEAM_MAX];
	size_t rounds = bench_count(10000 / self->parameter);
	double begin = bench_now();

	for (size_t i = 0; i < rounds; i++) {
		for (size_t k = 0; k < self->parameter; k++) {
			team[k] = (struct member){ .random = 1 + i * TEAM_MAX + k };
			bench_check(!pthread_create(&team[k].thread, NULL, live_and_die, &team[k]),
				    "no thread");
		}
		for (size_t k = 0; k < self->parameter; k++) {
			pthread_join(team[k].thread, NULL);
			bench_check(team[k].bytes >= BLOCKS * 16, "a thread did not do its work");
		}
	}
	bench_report_ns(self, bench_now() - begin, (double)(rounds * self->parameter));
}

const struct bench_case bench_cases[] = {
	{ "threads-1", run, 1, 0 },
	{ "threads-4", run, TEAM_MAX, 0 },
	{ 0 },
};

/*
 * Random replacement: each thread keeps 4,096 blocks of 8 to 1,000 bytes and puts a new one in the
 * place of one drawn at random, so lifetimes are random too. No block is shared. One operation is
 * one malloc and one free, all threads together.
 */
#include "workload.h"

enum { BLOCKS = 4096, SIZE_MIN = 8, SIZE_MAX_EXCLUSIVE = 1001, THREADS_MAX = 4 };

static void *blocks[THREADS_MAX][BLOCKS];
static size_t rounds;

static void *replace(void *number)
{
	void **own = blocks[(uintptr_t)number];
	uint64_t random = (uintptr_t)number + 1;

	for (size_t i = 0; i < rounds; i++) {
		size_t at = bench_random_below(&random, BLOCKS);

		bench_delete(own[at]);
		own[at] = bench_new(SIZE_MIN +
				    bench_random_below(&random, SIZE_MAX_EXCLUSIVE - SIZE_MIN));
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		bench_delete(own[i]);
		own[i] = NULL;
	}
	return NULL;
}

static void run(const struct bench_case *self)
{
	size_t threads = self->parameter;
	double seconds;

	rounds = bench_count(24000000) / threads;
	seconds = bench_run_threads(threads, replace);
	bench_report_ns(self, seconds, (double)(rounds * threads));
}

const struct bench_case bench_cases[] = {
	{ "random-sizes-1t", run, 1, 0 },
	{ "random-sizes-2t", run, 2, 0 },
	{ "random-sizes-4t", run, 4, 0 },
	{ 0 },
};

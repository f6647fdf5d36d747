/*
 * Scaling: each thread works on blocks of its own; how much do N threads gain against one, compared
 * with N threads that do the same without an allocation? 1 is all of it, 1.03 means that 3 % of the
 * gain is lost, by what the allocator shares between threads.
 *
 * The two loops alternate, several times, for the machine is not always equally free: the median of
 * the ratios is what counts.
 */
#include "workload.h"

#include <stdlib.h>

enum { ROUNDS = 15, LIVE = 256, LEAST = 16, MOST = 512 };

static size_t operations;
static _Atomic uint64_t sink; /* so that the loop without allocations is not removed */

static void *allocate(void *number)
{
	void *live[LIVE] = { 0 };
	uint64_t random = (uintptr_t)number + 1;

	for (size_t i = 0; i < operations; i++) {
		size_t at = bench_random_below(&random, LIVE);

		free(live[at]);
		live[at] = bench_malloc(LEAST + bench_random_below(&random, MOST - LEAST));
		*(volatile char *)live[at] = 1;
	}
	for (size_t at = 0; at < LIVE; at++)
		free(live[at]);
	return NULL;
}

/* About as long as the other, with the same random numbers and a table of the same size. */
static void *calculate(void *number)
{
	uint64_t live[LIVE] = { 0 };
	uint64_t random = (uintptr_t)number + 1;

	for (size_t i = 0; i < operations; i++) {
		size_t at = bench_random_below(&random, LIVE);

		for (int j = 0; j < 8; j++)
			live[at] = bench_random(&random) ^ live[(at + live[at]) % LIVE];
	}
	sink ^= live[0];
	return NULL;
}

/* What `threads` threads gain against one: as many times the work in so many times the time. */
static double gain(void *(*body)(void *number), size_t threads)
{
	double one = bench_run_threads(1, body);

	return one * (double)threads / bench_run_threads(threads, body);
}

static int compare(const void *one, const void *other)
{
	double difference = *(const double *)one - *(const double *)other;

	return (difference > 0) - (difference < 0);
}

static void run(const struct bench_case *self)
{
	double losses[ROUNDS];

	operations = bench_count(2000000) / self->parameter;
	for (size_t i = 0; i < ROUNDS; i++) {
		double free_gain = gain(calculate, self->parameter);

		losses[i] = free_gain / gain(allocate, self->parameter);
	}
	qsort(losses, ROUNDS, sizeof(*losses), compare);
	bench_report(self, "", losses[ROUNDS / 2], "times");
}

const struct bench_case bench_cases[] = {
	{ "scaling-2t", run, 2, 0 },
	{ "scaling-8t", run, 8, 0 },
	{ "scaling-64t", run, 64, 0 },
	{ 0 },
};

/*
 * Zeroed blocks, one at random replaced by the next: small ones; large ones that are used as a
 * whole; large ones of which little is used, as of a table that is made big at once. Each is
 * looked at in places before it is written, and left dirty.
 */
#include "workload.h"

#include <string.h>

enum { SMALL_LIVE = 4096, LARGE_LIVE = 8, PAGE_BYTES = 4096 };

/* Of the small blocks: one in so many is filled, or read as a whole; no common divisor. */
enum { FILL_PERIOD = 8, READ_PERIOD = 65 };

static bool is_zero(const unsigned char *block, size_t bytes, size_t step)
{
	unsigned char seen = block[bytes - 1];

	for (size_t i = 0; i < bytes; i += step)
		seen |= block[i];
	return !seen;
}

static void *new_zeroed(size_t bytes, size_t step)
{
	void *block = calloc(1, bytes);

	bench_check(block && is_zero(block, bytes, step), "calloc gave no zeros");
	return block;
}

static void run_small(const struct bench_case *self)
{
	static void *live[SMALL_LIVE];
	size_t rounds = bench_count(6000000);
	uint64_t random = 1;
	double begin = bench_now();

	for (size_t i = 0; i < rounds; i++) {
		size_t bytes = 16 + bench_random_below(&random, 1000 - 16 + 1);
		size_t at = bench_random_below(&random, SMALL_LIVE);

		bench_delete(live[at]);
		live[at] = new_zeroed(bytes, i % READ_PERIOD ? 128 : 1);
		if (i % FILL_PERIOD == 0)
			memset(live[at], 0xa5, bytes);
		bench_mark(live[at], bytes);
	}
	for (size_t at = 0; at < SMALL_LIVE; at++) {
		bench_delete(live[at]);
		live[at] = NULL;
	}
	bench_report_ns(self, bench_now() - begin, (double)rounds);
}

/* parameter: one page of how many is used */
static void run_large(const struct bench_case *self)
{
	static void *live[LARGE_LIVE];
	size_t rounds = bench_count(self->second), step = self->parameter * PAGE_BYTES;
	uint64_t random = 1;
	double begin = bench_now();

	for (size_t i = 0; i < rounds; i++) {
		size_t bytes = BENCH_MIB + bench_random_below(&random, 15 * BENCH_MIB + 1);
		size_t at = bench_random_below(&random, LARGE_LIVE);

		bench_delete(live[at]);
		live[at] = new_zeroed(bytes, 16 * PAGE_BYTES);
		for (size_t from = 0; from < bytes; from += step)
			((volatile char *)live[at])[from] = 1;
		bench_mark(live[at], bytes);
	}
	for (size_t at = 0; at < LARGE_LIVE; at++) {
		bench_delete(live[at]);
		live[at] = NULL;
	}
	bench_report_ns(self, bench_now() - begin, (double)rounds);
}

const struct bench_case bench_cases[] = {
	{ "calloc-small", run_small, 0, 0 },
	{ "calloc-large", run_large, 1, 500 },
	{ "calloc-sparse", run_large, 16, 800 },
	{ 0 },
};

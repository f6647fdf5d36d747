/*
 * Aligned blocks of random sizes, one at random replaced by the next: for vectors, for cache
 * lines, for pages; and large ones for huge pages, each page of which is written.
 */
#include "workload.h"

#include <string.h>

enum { LIVE_MAX = 4096 };

static void *live[LIVE_MAX];

static void *new_aligned(size_t alignment, size_t bytes)
{
	void *block;

	bench_check(!posix_memalign(&block, alignment, bytes), "posix_memalign failed");
	bench_check((uintptr_t)block % alignment == 0, "a block is not aligned");
	return block;
}

static void delete_all(void)
{
	for (size_t at = 0; at < LIVE_MAX; at++)
		bench_delete(live[at]);
	memset(live, 0, sizeof(live));
}

/* parameter: the alignment; second: the most bytes of a block */
static void run_small(const struct bench_case *self)
{
	size_t share = self->parameter < 4096 ? 1 : 4; /* pages: less of them */
	size_t rounds = bench_count(5000000 / share);
	uint64_t random = 1;
	double begin = bench_now();

	for (size_t i = 0; i < rounds; i++) {
		size_t bytes = 8 + bench_random_below(&random, self->second - 7);
		size_t at = bench_random_below(&random, LIVE_MAX / share);

		bench_delete(live[at]);
		live[at] = bench_mark(new_aligned(self->parameter, bytes), bytes);
	}
	delete_all();
	bench_report_ns(self, bench_now() - begin, (double)rounds);
}

static void run_large(const struct bench_case *self)
{
	size_t rounds = bench_count(600);
	uint64_t random = 1;
	double begin = bench_now();

	for (size_t i = 0; i < rounds; i++) {
		size_t bytes = BENCH_MIB + bench_random_below(&random, self->second - BENCH_MIB);
		size_t at = bench_random_below(&random, 8);

		bench_delete(live[at]);
		live[at] = new_aligned(self->parameter, bytes);
		bench_touch(live[at], bytes);
		bench_mark(live[at], bytes);
	}
	delete_all();
	bench_report_ns(self, bench_now() - begin, (double)rounds);
}

const struct bench_case bench_cases[] = {
	{ "aligned-32", run_small, 32, 1000 },
	{ "aligned-64", run_small, 64, 1000 },
	{ "aligned-4096", run_small, 4096, 16 * BENCH_KIB },
	{ "aligned-2m", run_large, 2 * BENCH_MIB, 8 * BENCH_MIB },
	{ 0 },
};

/*
 * Large blocks: from 256 KB to 32 MB, as many of each order of magnitude, each page written,
 * freed. One at a time, as a buffer of a function is; or many live, one at random replaced by the
 * next, and never more than 256 MB together.
 */
#include "workload.h"

enum { LIVE_MAX = 16 };

#define SMALLEST_BYTES (256 * BENCH_KIB)
#define DOUBLINGS 7 /* up to 32 MB */
#define LIVE_BYTES_MAX (256 * BENCH_MIB)

static size_t random_bytes(uint64_t *random)
{
	size_t octave_bytes = SMALLEST_BYTES << bench_random_below(random, DOUBLINGS);

	return octave_bytes + bench_random_below(random, octave_bytes);
}

static void *new_touched(size_t bytes)
{
	void *block = bench_malloc(bytes);

	bench_touch(block, bytes);
	return bench_mark(block, bytes);
}

/* parameter: how many blocks live at once */
static void run(const struct bench_case *self)
{
	static void *live[LIVE_MAX];
	static size_t live_bytes[LIVE_MAX];
	size_t total = 0, rounds = bench_count(1200);
	uint64_t random = 1;
	double begin = bench_now();

	for (size_t i = 0; i < rounds; i++) {
		size_t bytes = random_bytes(&random);
		size_t at;

		do {
			at = bench_random_below(&random, self->parameter);
			total -= live_bytes[at];
			bench_check(bench_delete(live[at]) == live_bytes[at], "a length");
			live[at] = NULL;
			live_bytes[at] = 0;
		} while (total + bytes > LIVE_BYTES_MAX);
		live[at] = new_touched(bytes);
		live_bytes[at] = bytes;
		total += bytes;
	}
	for (size_t at = 0; at < self->parameter; at++) {
		bench_delete(live[at]);
		live[at] = NULL;
		live_bytes[at] = 0;
	}
	bench_report_ns(self, bench_now() - begin, (double)rounds);
}

const struct bench_case bench_cases[] = {
	{ "large-1", run, 1, 0 },
	{ "large-16", run, LIVE_MAX, 0 },
	{ 0 },
};

/* One block of one size at a time: malloc, write a byte, free. The hit path and nothing else. */
#include "workload.h"

#include <stdlib.h>

static void run(const struct bench_case *self)
{
	size_t rounds = bench_count(30000000);
	double begin = bench_now();

	for (size_t i = 0; i < rounds; i++) {
		char *block = bench_malloc(self->parameter);

		*(volatile char *)block = 1;
		free(block);
	}
	bench_report_ns(self, bench_now() - begin, (double)rounds);
}

const struct bench_case bench_cases[] = {
	{ "lifo-16", run, 16, 0 },     { "lifo-64", run, 64, 0 },     { "lifo-256", run, 256, 0 },
	{ "lifo-1024", run, 1024, 0 }, { "lifo-4096", run, 4096, 0 }, { 0 },
};

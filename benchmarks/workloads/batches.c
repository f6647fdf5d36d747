/*
 * Batches: 1,000 blocks are allocated, then all freed in the order of their birth, in reverse, or
 * at random; of mixed sizes from 8 to 1,000 bytes, or all of one size. One operation is one malloc
 * and one free.
 */
#include "workload.h"

enum { BLOCKS = 1000, SIZE_MIN = 8, SIZE_MAX_EXCLUSIVE = 1001 };
enum order { IN_ORDER, REVERSE, AT_RANDOM };

static void *blocks[BLOCKS];
static size_t turns[BLOCKS];

static void lay_out_turns(enum order order)
{
	uint64_t random = 1;

	for (size_t i = 0; i < BLOCKS; i++)
		turns[i] = order == REVERSE ? BLOCKS - 1 - i : i;
	if (order != AT_RANDOM)
		return;
	for (size_t i = BLOCKS - 1; i > 0; i--) {
		size_t other = bench_random_below(&random, i + 1), turn = turns[i];

		turns[i] = turns[other];
		turns[other] = turn;
	}
}

/* Returns the bytes allocated less those freed: 0 if nothing was lost. */
static size_t batch(size_t one_size, uint64_t *random)
{
	size_t balance = 0;

	for (size_t i = 0; i < BLOCKS; i++) {
		size_t bytes = SIZE_MIN + bench_random_below(random, SIZE_MAX_EXCLUSIVE - SIZE_MIN);

		bytes = one_size ? one_size : bytes;
		blocks[i] = bench_new(bytes);
		balance += bytes;
	}
	for (size_t i = 0; i < BLOCKS; i++)
		balance -= bench_delete(blocks[turns[i]]);
	return balance;
}

static void run(const struct bench_case *self)
{
	size_t rounds = bench_count(self->second ? 40000 : 20000), balance = 0;
	uint64_t random = 1;
	double begin;

	lay_out_turns((enum order)self->parameter);
	begin = bench_now();
	for (size_t i = 0; i < rounds; i++)
		balance += batch(self->second, &random);
	bench_report_ns(self, bench_now() - begin, (double)(rounds * BLOCKS));
	bench_check(balance == 0, "other bytes freed than allocated");
}

const struct bench_case bench_cases[] = {
	{ "batches-in-order", run, IN_ORDER, 0 },
	{ "batches-reverse", run, REVERSE, 0 },
	{ "batches-random", run, AT_RANDOM, 0 },
	{ "batches-64-in-order", run, IN_ORDER, 64 },
	{ "batches-64-reverse", run, REVERSE, 64 },
	{ "batches-64-random", run, AT_RANDOM, 64 },
	{ 0 },
};

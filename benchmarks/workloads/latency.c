/*
 * Predictability: how long the slow ones of many mallocs and frees take. Each call is timed by the
 * system's clock (30 ns of its own): 99.9 % of the calls take no longer than CASE.malloc-p999 and
 * CASE.free-p999 say. CASE.malloc-max and CASE.free-max are the longest, on a shared machine mostly
 * an interruption.
 *
 *   latency-small   of 4,096 blocks of 8 to 1,000 bytes a random one is replaced
 *   latency-mixed   the same with 16 bytes to 16 KB, as many of each doubling
 *   latency-handed  as small, but each block is freed by the other of two threads
 */
#include "workload.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LIVE = 4096, THREADS = 2 };

/* A histogram: 16 buckets for each doubling of nanoseconds. */
enum { STEP_BITS = 4, BUCKETS = (64 - STEP_BITS + 1) << STEP_BITS };
#define STEPS ((uint64_t)1 << STEP_BITS)

struct histogram {
	size_t counts[BUCKETS];
	size_t total;
	uint64_t longest;
};

struct worker {
	void *blocks[LIVE];
	struct histogram mallocs, frees;
	uint64_t random;
};

static struct worker workers[THREADS];
static size_t rounds;
static bool is_mixed, is_handed;
static pthread_barrier_t turn;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static size_t bucket_of(uint64_t ns)
{
	size_t octave;

	if (ns < STEPS)
		return ns;
	octave = (size_t)(63 - __builtin_clzll(ns)) - STEP_BITS;
	return (octave + 1) * STEPS + (ns >> octave) % STEPS;
}

/* The longest time that belongs to a bucket. */
static uint64_t end_of(size_t bucket)
{
	if (bucket < STEPS)
		return bucket;
	return ((STEPS + bucket % STEPS + 1) << (bucket / STEPS - 1)) - 1;
}

static void note(struct histogram *histogram, uint64_t ns)
{
	histogram->counts[bucket_of(ns)]++;
	histogram->total++;
	if (ns > histogram->longest)
		histogram->longest = ns;
}

static size_t size_of_next(uint64_t *random)
{
	size_t octave;

	if (!is_mixed)
		return 8 + bench_random_below(random, 993);
	octave = (size_t)16 << bench_random_below(random, 10);
	return octave + bench_random_below(random, octave);
}

static void replace(struct worker *self, void **block)
{
	size_t bytes = size_of_next(&self->random);
	uint64_t before, between, after;

	before = now_ns();
	free(*block);
	between = now_ns();
	*block = bench_malloc(bytes);
	after = now_ns();
	*(volatile char *)*block = 1;
	note(&self->frees, between - before);
	note(&self->mallocs, after - between);
}

/* With `is_handed` the threads change their tables now and then. */
static void *work(void *argument)
{
	size_t number = (uintptr_t)argument, table = number;
	struct worker *self = &workers[number];

	self->random = number + 1;
	for (size_t i = 0; i < rounds; i++) {
		replace(self, &workers[table].blocks[bench_random_below(&self->random, LIVE)]);
		if (is_handed && i % LIVE == LIVE - 1) {
			pthread_barrier_wait(&turn);
			table = THREADS - 1 - table;
		}
	}
	return NULL;
}

static void add(struct histogram *sum, const struct histogram *one)
{
	for (size_t i = 0; i < BUCKETS; i++)
		sum->counts[i] += one->counts[i];
	sum->total += one->total;
	if (one->longest > sum->longest)
		sum->longest = one->longest;
}

static void report(const struct bench_case *self, const char *call, const struct histogram *all)
{
	char suffix[32];
	size_t seen = 0, bucket = 0;

	while (seen + all->counts[bucket] < all->total - all->total / 1000)
		seen += all->counts[bucket++];
	snprintf(suffix, sizeof(suffix), "%s-p999", call);
	bench_report(self, suffix, (double)end_of(bucket), "ns_p999");
	snprintf(suffix, sizeof(suffix), "%s-max", call);
	bench_report(self, suffix, (double)all->longest / 1000, "us_max");
}

static void run(const struct bench_case *self)
{
	struct histogram mallocs = { 0 }, frees = { 0 };
	size_t threads = self->parameter;

	is_mixed = self->second == 16384;
	is_handed = threads > 1;
	rounds = bench_count(3000000) / LIVE * LIVE;
	pthread_barrier_init(&turn, NULL, THREADS);
	bench_run_threads(threads, work);
	for (size_t i = 0; i < threads; i++) {
		add(&mallocs, &workers[i].mallocs);
		add(&frees, &workers[i].frees);
		for (size_t at = 0; at < LIVE; at++)
			free(workers[i].blocks[at]);
	}
	bench_check(mallocs.total == rounds * threads, "calls are missing in the histogram");
	report(self, "malloc", &mallocs);
	report(self, "free", &frees);
}

const struct bench_case bench_cases[] = {
	{ "latency-small", run, 1, 1000 },
	{ "latency-mixed", run, 1, 16384 },
	{ "latency-handed", run, 2, 1000 },
	{ 0 },
};

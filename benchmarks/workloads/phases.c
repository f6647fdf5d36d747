/*
 * Phases of different sizes: each allocates 64 MB of blocks of its own sizes beside what the
 * earlier ones left, then frees most of them at random; the last frees all that is left. What
 * stays resident although it is free is fragmentation, or hoarding.
 *
 * CASE is the time of a malloc or a free, and CASE.held-N the memory held as soon as phase N is
 * over. In the case with pauses, phase N is followed by 1.5 s of light work, in which an allocator
 * that purges by time gets its chance, and CASE.held-later-N is what it holds then. Live after the
 * phases are 6.4, 9.6, 12.8, 19.2, 22.4 and 0 MB.
 */
#include "workload.h"

#include <stdio.h>
#include <time.h>

enum { BLOCKS_MAX = 2 << 20, PHASE_COUNT = 6 };

#define PHASE_BYTES (64 * BENCH_MIB)

static const struct phase {
	size_t least, most; /* bytes of a block */
	size_t keep_percent;
} phases[PHASE_COUNT] = {
	{ 16, 64, 10 }, { 256, 512, 5 }, { 4096, 16384, 5 }, { 16, 1024, 10 }, { 16384, 262144, 5 },
};

/* The blocks that live: a table of the workload's own. */
static void **blocks;
static size_t live;

/* What the process had before its first case: what that one leaves counts in the next. */
static size_t before_bytes;

/* Allocates the blocks of a phase; their number. */
static size_t fill(const struct phase *phase, uint64_t *random)
{
	size_t first = live;

	for (size_t filled = 0; filled < PHASE_BYTES; live++) {
		size_t range = phase->most - phase->least + 1;
		size_t bytes = phase->least + bench_random_below(random, range);

		bench_check(live < BLOCKS_MAX, "too many blocks");
		blocks[live] = bench_new(bytes);
		filled += bytes;
	}
	return live - first;
}

static void shuffle(void **at, size_t count, uint64_t *random)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = bench_random_below(random, i);
		void *block = at[i - 1];

		at[i - 1] = at[other];
		at[other] = block;
	}
}

/* Frees the last `count` blocks of the table. */
static void thin_out(size_t count)
{
	for (size_t end = live - count; live > end; live--)
		bench_delete(blocks[live - 1]);
}

/* Some blocks of some sizes, last in first out, 1.5 s long, most of which it sleeps. */
static void work_lightly(uint64_t *random)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	void *stack[64];

	for (double end = bench_now() + 1.5; bench_now() < end; nanosleep(&nap, NULL)) {
		size_t count = 1 + bench_random_below(random, 64);

		for (size_t i = 0; i < count; i++)
			stack[i] = bench_new(16 + bench_random_below(random, 1024));
		while (count > 0)
			bench_delete(stack[--count]);
	}
}

static void report_held(const struct bench_case *self, const char *suffix, size_t phase)
{
	char name[32];
	double held_bytes = (double)bench_resident_bytes() - (double)before_bytes;

	snprintf(name, sizeof(name), "%s-%zu", suffix, phase + 1);
	bench_report(self, name, held_bytes / (double)BENCH_MIB, "MB");
}

/* Returns the seconds that malloc and free took, and adds to their number. */
static double run_phase(const struct phase *phase, uint64_t *random, size_t *operations)
{
	double begin = bench_now(), seconds;
	size_t filled = phase->most ? fill(phase, random) : 0;
	size_t candidates = phase->most ? filled : live;
	size_t thinned = candidates - candidates * phase->keep_percent / 100;

	seconds = bench_now() - begin;
	shuffle(blocks + live - candidates, candidates, random);
	begin = bench_now();
	thin_out(thinned);
	*operations += filled + thinned;
	return seconds + bench_now() - begin;
}

/* parameter: how many of the phases, the last ones, are followed by a pause; with --quick, one */
static void run(const struct bench_case *self)
{
	size_t first_pause = PHASE_COUNT - bench_count(self->parameter);
	size_t operations = 0;
	uint64_t random = 1;
	double seconds = 0;

	if (!blocks) {
		blocks = bench_map(BLOCKS_MAX * sizeof(*blocks));
		before_bytes = bench_resident_bytes();
	}
	for (size_t i = 0; i < PHASE_COUNT; i++) {
		seconds += run_phase(&phases[i], &random, &operations);
		if (!self->parameter) {
			report_held(self, "held", i);
		} else if (i >= first_pause) {
			work_lightly(&random);
			report_held(self, "held-later", i);
		}
	}
	bench_report_ns(self, seconds, (double)operations);
}

const struct bench_case bench_cases[] = {
	{ "phases", run, 0, 0 },
	{ "phases-pause", run, PHASE_COUNT, 0 },
	{ 0 },
};

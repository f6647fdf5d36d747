/*
 * False sharing: each of two threads keeps 16 blocks of 16 bytes, adds to a number in each many
 * times, frees them and allocates them anew. It runs at the speed of the cache of its core, unless
 * the allocator gives the two threads blocks in one cache line: of its own accord (active), or
 * because the first blocks came from the main thread, alternating, and it gives a foreign block to
 * the thread that freed it (passive). One operation is one addition.
 *
 * The time shows it only where two cores are free. `.line` always does: how many threads write to
 * the cache line of a block, on the average of those of the last round; 1 is right.
 */
#include "workload.h"

enum { THREADS = 2, BLOCKS = 16, BYTES = 16, ADDITIONS = 200, LINE = 64 };

typedef volatile uint64_t number;

static size_t rounds;
/* Before the threads run: the blocks handed over, or NULL. After: those of the last round. */
static number *numbers[THREADS][BLOCKS];

static number *new_number(void)
{
	number *block = bench_malloc(BYTES);

	*block = 0;
	return block;
}

static void free_all(number **blocks)
{
	for (size_t i = 0; i < BLOCKS; i++)
		free((void *)(uintptr_t)blocks[i]);
}

static void add_and_check(number *const *blocks)
{
	for (size_t i = 0; i < ADDITIONS; i++) {
		for (size_t j = 0; j < BLOCKS; j++)
			(*blocks[j])++;
	}
	for (size_t i = 0; i < BLOCKS; i++)
		bench_check(*blocks[i] == ADDITIONS, "a number in a block is another");
}

static void *work(void *argument)
{
	number **shown = numbers[(uintptr_t)argument], *blocks[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = shown[i];
	for (size_t i = 0; i < rounds; i++) {
		free_all(blocks);
		for (size_t j = 0; j < BLOCKS; j++)
			blocks[j] = new_number();
		add_and_check(blocks);
	}
	for (size_t i = 0; i < BLOCKS; i++)
		shown[i] = blocks[i];
	return NULL;
}

static bool is_writer(size_t thread, number *of_line)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		if ((uintptr_t)numbers[thread][i] / LINE == (uintptr_t)of_line / LINE)
			return true;
	}
	return false;
}

static double writers_of_a_line(void)
{
	size_t writers = 0;

	for (size_t i = 0; i < THREADS * BLOCKS; i++) {
		for (size_t j = 0; j < THREADS; j++)
			writers += is_writer(j, numbers[i / BLOCKS][i % BLOCKS]);
	}
	return (double)writers / (THREADS * BLOCKS);
}

static void run(const struct bench_case *self)
{
	bool is_passive = self->parameter;
	double seconds;

	for (size_t i = 0; i < BLOCKS; i++) {
		for (size_t j = 0; j < THREADS; j++)
			numbers[j][i] = is_passive ? new_number() : NULL;
	}
	rounds = bench_count(200000);
	seconds = bench_run_threads(THREADS, work);
	bench_report_ns(self, seconds, (double)(THREADS * rounds * BLOCKS * ADDITIONS));
	bench_report(self, "line", writers_of_a_line(), "threads");
	for (size_t i = 0; i < THREADS; i++)
		free_all(numbers[i]);
}

const struct bench_case bench_cases[] = {
	{ "sharing-active", run, false, 0 },
	{ "sharing-passive", run, true, 0 },
	{ 0 },
};

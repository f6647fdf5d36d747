/*
 * Sequential: a load every `step` bytes, from the start of the buffer to its end, again and again;
 * with --sharing=offset from somewhere in it to its end and on from the start. Addresses are known
 * in advance, so processor and prefetcher run ahead: what limits is how much memory can deliver.
 */
#include "memory.h"

/* So that a word read twice, or another one, changes the sum. */
#define MULTIPLIER 0x9e3779b1u

static size_t places(const struct memory_walk *walk)
{
	return walk->bytes / walk->step;
}

static uint64_t *place(const struct memory_walk *walk, size_t number)
{
	return (uint64_t *)(void *)(walk->buffer + number * walk->step);
}

static void fill(const struct memory_walk *walk)
{
	for (size_t i = 0; i < places(walk); i++)
		*place(walk, i) = (i + 1) * MULTIPLIER;
}

static void begin(struct memory_walk *walk)
{
	(void)walk;
}

static uint64_t sum_of(const struct memory_walk *walk, size_t from, size_t to)
{
	const char *at = walk->buffer + from * walk->step, *end = walk->buffer + to * walk->step;
	size_t step = walk->step;
	uint64_t sum = 0;

	for (; at < end; at += step)
		sum += *(const uint64_t *)(const void *)at;
	return sum;
}

static void read_passes(struct memory_walk *walk, size_t accesses)
{
	size_t count = places(walk), first = walk->start / walk->step;
	uint64_t sum = 0;

	for (size_t pass = 0; pass < accesses / count; pass++) {
		sum += sum_of(walk, first, count);
		sum += sum_of(walk, 0, first);
		/* Each pass reads again. */
		__asm__ volatile("" ::: "memory");
	}
	walk->result = sum;
}

static void check(struct memory_walk *walk, size_t accesses)
{
	uint64_t count = places(walk), a_pass = count * (count + 1) / 2 * MULTIPLIER;

	bench_check(walk->result == accesses / count * a_pass, "sum of the sequential reads");
}

const struct memory_pattern memory_sequential = { "sequential", fill,  begin,
						  read_passes,	check, places };

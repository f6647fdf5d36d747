/*
 * Random: loads of lines at random, each address made from the one before by arithmetic, not by a
 * load. So many are under way at once, and what is seen is how many misses the processor overlaps.
 */
#include "memory.h"

enum { LINE_BYTES = 64 };

#define LCG_FACTOR 6364136223846793005u /* Knuth, MMIX */
#define LCG_TERM 1442695040888963407u

/* walk->at is the state of the generator; its upper half says the line. */
static size_t line_of(uint64_t state, size_t lines)
{
	return (size_t)((state >> 32) * lines >> 32);
}

static uint64_t next_state(uint64_t state)
{
	return state * LCG_FACTOR + LCG_TERM;
}

static size_t lines_of(const struct memory_walk *walk)
{
	return walk->bytes / LINE_BYTES;
}

static uint64_t *word_of(const struct memory_walk *walk, size_t line)
{
	return (uint64_t *)(void *)(walk->buffer + line * LINE_BYTES);
}

static void fill(const struct memory_walk *walk)
{
	for (size_t i = 0; i < lines_of(walk); i++)
		*word_of(walk, i) = i;
}

static void begin(struct memory_walk *walk)
{
	walk->at = walk->checked = walk->start + 1;
}

static void read_lines(struct memory_walk *walk, size_t accesses)
{
	size_t lines = lines_of(walk);
	uint64_t state = walk->at, sum = 0;

	for (size_t i = 0; i < accesses; i++) {
		state = next_state(state);
		sum += *word_of(walk, line_of(state, lines));
	}
	walk->at = state;
	walk->result = sum;
}

/* The same again without the buffer. */
static void check(struct memory_walk *walk, size_t accesses)
{
	size_t lines = lines_of(walk);
	uint64_t sum = 0;

	for (size_t i = 0; i < accesses; i++) {
		walk->checked = next_state(walk->checked);
		sum += line_of(walk->checked, lines);
	}
	bench_check(walk->result == sum && walk->at == walk->checked, "sum of the random reads");
}

static size_t one(const struct memory_walk *walk)
{
	(void)walk;
	return 1;
}

const struct memory_pattern memory_random = { "random", fill, begin, read_lines, check, one };

/*
 * Chase: a chain through all lines of the buffer, as in a list or a tree whose nodes lie anywhere.
 * Each load waits for the one before: what is seen is latency.
 */
#include "chain.h"

enum { LINE_BYTES = 64 };

static size_t offset_of(size_t number)
{
	return number * LINE_BYTES;
}

static struct chain lines_of(const struct memory_walk *walk)
{
	return (struct chain){ walk->bytes / LINE_BYTES, offset_of };
}

static void fill(const struct memory_walk *walk)
{
	chain_fill(walk, lines_of(walk));
}

static void begin(struct memory_walk *walk)
{
	chain_begin(walk, lines_of(walk));
}

static void check(struct memory_walk *walk, size_t accesses)
{
	chain_check(walk, accesses, lines_of(walk));
}

static size_t one(const struct memory_walk *walk)
{
	(void)walk;
	return 1;
}

const struct memory_pattern memory_chase = { "chase", fill, begin, chain_read, check, one };

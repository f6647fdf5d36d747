/*
 * hitpath PATTERN ROUNDS: so many pairs of malloc and free, for count.py to count the instructions
 * of. The patterns:
 *   lifo     one block of 64 bytes
 *   batches  1,000 blocks of 16 to 1,000 bytes, then all freed in order
 *   random   of 4,096 blocks of 8 to 1,000 bytes a random one is replaced
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000, LIVE = 4096 };

static void *blocks[LIVE];
static uint32_t seed = 1;

static size_t random_below(size_t limit)
{
	seed = seed * 1664525 + 1013904223;
	return (size_t)((uint64_t)seed * limit >> 32);
}

static void lifo(size_t rounds)
{
	for (size_t i = 0; i < rounds; i++)
		free(malloc(64));
}

static void batches(size_t rounds)
{
	for (size_t i = 0; i < rounds; i += BATCH) {
		for (size_t k = 0; k < BATCH; k++)
			blocks[k] = malloc(16 + random_below(985));
		for (size_t k = 0; k < BATCH; k++)
			free(blocks[k]);
	}
}

static void replace(size_t rounds)
{
	for (size_t i = 0; i < rounds; i++) {
		void **block = &blocks[random_below(LIVE)];

		free(*block);
		*block = malloc(8 + random_below(993));
	}
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		void (*run)(size_t rounds);
	} patterns[] = { { "lifo", lifo }, { "batches", batches }, { "random", replace } };

	for (size_t i = 0; count == 3 && i < sizeof(patterns) / sizeof(*patterns); i++) {
		if (!strcmp(arguments[1], patterns[i].name)) {
			patterns[i].run(strtoul(arguments[2], NULL, 10));
			return 0;
		}
	}
	fprintf(stderr, "usage: hitpath lifo|batches|random ROUNDS\n");
	return 2;
}

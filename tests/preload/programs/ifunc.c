/*
 * Resolvers of indirect functions allocate: they run while the program is relocated, before any
 * constructor, and before thread-locals have their first values. The blocks live on and are freed
 * in main.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { BLOCKS = 100, LARGE_BYTES = 3 << 20 };

static char *blocks[BLOCKS];
static char *large;

static int answer(void)
{
	return 42;
}

/* Resolvers may not fail: main looks at what they got. */
static __attribute__((used)) int (*resolve(void))(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(i * 30 + 1);
		if (blocks[i])
			blocks[i][0] = (char)i;
	}
	free(calloc(10, 10));
	large = realloc(malloc(10), LARGE_BYTES);
	return answer;
}

int indirect(void) __attribute__((ifunc("resolve")));

int main(void)
{
	CHECK(indirect() == 42);
	CHECK(hp_test_owns(large));
	memset(large, 1, LARGE_BYTES);
	free(large);
	for (size_t i = 0; i < BLOCKS; i++) {
		CHECK(hp_test_owns(blocks[i]) && blocks[i][0] == (char)i);
		free(blocks[i]);
	}
	return 0;
}

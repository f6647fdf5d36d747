/*
 * A small program without privileges locks all its memory within Debian's default limit of 8 MB:
 * the heap has reserved no more address space than that allows, and goes on afterwards.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "check.h"

enum { NOBODY = 65534, BLOCKS = 100, BLOCK_BYTES = 10000 };

static void use_the_heap(void)
{
	char *blocks[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(BLOCK_BYTES);
		CHECK(blocks[i]);
		memset(blocks[i], (int)i, BLOCK_BYTES);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		CHECK(blocks[i][0] == (char)i && blocks[i][BLOCK_BYTES - 1] == (char)i);
		free(blocks[i]);
	}
}

int main(void)
{
	struct rlimit limit = { 8 << 20, 8 << 20 };
	void *block = malloc(100);

	CHECK(hp_test_owns(block));
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit));
	CHECK(geteuid() || (!setgid(NOBODY) && !setuid(NOBODY)));
	CHECK(!mlockall(MCL_CURRENT));
	use_the_heap();
	CHECK(!mlockall(MCL_CURRENT | MCL_FUTURE));
	use_the_heap();
	free(block);
	return 0;
}

/*
 * Blocks of another malloc: glibc's, by its internal names, as the loader hands out before the
 * preload library is bound. free, realloc and malloc_usable_size must pass them on, untouched.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

extern void *__libc_malloc(size_t bytes);
extern void *__libc_memalign(size_t align, size_t bytes);

static char *foreign(size_t bytes)
{
	char *block = __libc_malloc(bytes);

	CHECK(block && !hp_test_owns(block));
	memset(block, 0x5a, bytes);
	return block;
}

int main(void)
{
	/* Of glibc's free lists, of its heap, of its mmap. */
	static const size_t sizes[] = { 1, 24, 100, 2000, 100000, 1 << 20 };

	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			size_t bytes = sizes[i];
			char *block = foreign(bytes);

			CHECK(malloc_usable_size(block) >= bytes);
			CHECK(malloc_usable_size(block) < 2 * bytes + 4096);
			block = realloc(block, 3 * bytes);
			CHECK(block && malloc_usable_size(block) >= 3 * bytes);
			for (size_t byte = 0; byte < bytes; byte++)
				CHECK(block[byte] == 0x5a);
			free(block);

			CHECK(!hp_test_keep(realloc(foreign(bytes), 0)));
			errno = EXDEV;
			free(foreign(bytes));
			free(__libc_memalign(4096, bytes));
			CHECK(errno == EXDEV);
		}
	}
	/* What was freed went to glibc: it gives the same block again. */
	free(foreign(100));
	CHECK(mallinfo2().uordblks < 64 << 20);
	return 0;
}

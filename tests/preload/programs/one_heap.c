/*
 * A program linked with libhpalloc runs under the preload: there must be one heap, so a block of
 * one's name may be freed by the other's, and the statistics count both.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <hpalloc/hpalloc.h>

#include "check.h"

enum { BYTES = 8 << 20 };

int main(void)
{
	struct hp_stats stats;
	Dl_info linked;
	Dl_info preloaded;
	char *block;

	/* hp_malloc of this program's own linkage is the preload library's. */
	CHECK(dladdr(dlsym(RTLD_DEFAULT, "hp_malloc"), &linked));
	CHECK(dladdr(dlsym(RTLD_DEFAULT, "reallocarray"), &preloaded));
	CHECK(!strcmp(linked.dli_fname, preloaded.dli_fname));

	for (size_t bytes = 1; bytes <= BYTES; bytes *= 8) {
		free(hp_test_keep(hp_malloc(bytes)));
		hp_free(hp_test_keep(malloc(bytes)));
		block = hp_realloc(hp_test_keep(calloc(1, bytes)), 2 * bytes);
		CHECK(hp_owns(block) && block[0] == 0);
		CHECK(malloc_usable_size(block) == hp_malloc_usable_size(block));
		free(block);
	}
	block = malloc(BYTES);
	memset(block, 1, BYTES);
	CHECK(!hp_stats_get(&stats, sizeof(stats)));
	CHECK(stats.in_use_bytes >= BYTES);
	free(block);
	return 0;
}

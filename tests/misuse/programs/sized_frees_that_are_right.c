/* 0: nothing */
/* 1: nothing */
#include "misuse.h"

int main(void)
{
	for (size_t bytes = 0; bytes < 300000; bytes += bytes / 7 + 1) {
		free_sized(malloc(bytes), bytes);
		free_sized(realloc(malloc(bytes), bytes * 3 / 4 + 1), bytes * 3 / 4 + 1);
		free_sized(realloc(malloc(bytes + 1), bytes + 2), bytes + 2);
		for (size_t align = 16; align <= 65536; align *= 2)
			free_aligned_sized(aligned_alloc(align, bytes), align, bytes);
	}
}

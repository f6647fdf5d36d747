/* 3: nothing */
#include "misuse.h"

int main(void)
{
	char *blocks[400];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 400; i++) {
			blocks[i] = calloc(1, i);
			for (int j = 0; j < i; j++)
				if (blocks[i][j])
					return 1;
			memset(blocks[i], i, i);
			blocks[i] = realloc(blocks[i], 2 * i + 1);
			if (malloc_usable_size(blocks[i]) != 2 * i + 1 ||
			    (i && blocks[i][i - 1] != (char)i))
				return 2;
		}
		for (int i = 0; i < 400; i++)
			free(blocks[i]);
	}
	free_sized(aligned_alloc(1024, 3000), 3000);
}

/* 1: nothing */
/* ends with: 0 waits, 1 reused */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	free(block);
	for (int i = 0; i < 32; i++) {
		char *next = malloc(64);

		if (next == block)
			return 1;
		free(next);
	}
	return 0;
}

/* 0: double free of ADDRESS (64-byte block) */
/* 1: double free of ADDRESS (72-byte block) */
#include "misuse.h"

static void *free_twice(void *block)
{
	free(malloc(1));
	free(block);
	free(block);
	return NULL;
}

int main(void)
{
	char *block = block_beside_another(64);

	in_a_thread(free_twice, block);
}

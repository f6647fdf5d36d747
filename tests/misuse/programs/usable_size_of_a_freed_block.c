/* 1: malloc_usable_size of ADDRESS, which is free */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	free(block);
	return (int)malloc_usable_size(block);
}

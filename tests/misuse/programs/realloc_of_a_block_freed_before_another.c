/* 1: realloc of ADDRESS, which is free */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64), *other = malloc(64);

	free(block);
	free(other);
	realloc(block, 1000);
}

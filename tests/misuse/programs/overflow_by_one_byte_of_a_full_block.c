/* 1: free of ADDRESS, which was written to beyond its end */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	block[malloc_usable_size(block)] = 'x';
	free(block);
}

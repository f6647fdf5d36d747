/* 1: free of ADDRESS, which was written to beyond its end */
#include "misuse.h"

int main(void)
{
	char *block = realloc(block_beside_another(64), 60);

	block[60] = 'x';
	free(block);
}

/* 1: free of ADDRESS, which was written to beyond its end */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	memset(block + 64, 0, 8);
	free(block);
}

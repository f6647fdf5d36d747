/* 1: free of ADDRESS, which was written to beyond its end */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(61);

	block[61] = 'x';
	free(block);
}

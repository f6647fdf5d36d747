/* 1: nothing */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	memset(block, 0, 64);
	free(block);
	return block[40] == 0;
}

/* 1: nothing */
/* ends with: 0 junk, 1 what was there, 2 zero */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	memset(block, 'x', 64);
	free(block);
	return block[40] == 'x' ? 1 : block[40] == 0 ? 2 : 0;
}

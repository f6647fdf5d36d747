/* 1: ADDRESS was written to after it was freed (106488-byte block) */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(100000);

	free(block);
	block[50000] = 'x';
}

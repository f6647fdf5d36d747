/* 1: ADDRESS was written to after it was freed (72-byte block) */
#include "misuse.h"

#include <unistd.h>

int main(void)
{
	char *block = block_beside_another(64);

	free(block);
	block[40] = 'x';
	for (int i = 0; i < 100000; i++)
		free(malloc(64));
	_exit(0);
}

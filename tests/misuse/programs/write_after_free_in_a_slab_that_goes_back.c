/* 1: ADDRESS was written to after it was freed (30712-byte block) */
#include "misuse.h"

#include <unistd.h>

int main(void)
{
	char *block = malloc(30000);

	free(block);
	block[100] = 'x';
	for (int i = 0; i < 1000; i++)
		free(malloc(30000));
	_exit(0);
}

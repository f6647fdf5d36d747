/* 1: ADDRESS was written to after it was freed (72-byte block) */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	in_a_thread(free_it, block);
	block[40] = 'x';
	malloc_trim(0);
}

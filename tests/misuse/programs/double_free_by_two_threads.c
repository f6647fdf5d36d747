/* 1: double free of ADDRESS (72-byte block) */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	in_a_thread(free_it, block);
	free(block);
}

/* 0: double free of ADDRESS (64-byte block) */
/* 1: double free of ADDRESS (72-byte block) */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	free(block);
	free(block);
}

/* 1: double free of ADDRESS (72-byte block) */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	free(block + 80 * 100);
}

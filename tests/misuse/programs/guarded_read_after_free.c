/* 3: ADDRESS was touched after it was freed (64-byte block), at ADDRESS
 * | touched by | allocated by | freed by */
#include "misuse.h"

int main(void)
{
	char *block = malloc(64);

	free(block);
	return block[40];
}

/* 1: nothing */
#include "misuse.h"

int main(void)
{
	volatile char *block = malloc(4 << 20);

	realloc((void *)block, 1 << 20);
	return block[2 << 20] && 0;
}

/* 1: nothing */
#include "misuse.h"

int main(void)
{
	volatile char *block = malloc(1 << 20);

	return block[1 << 20] && 0;
}

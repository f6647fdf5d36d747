/* 3: ADDRESS was touched after it was freed (64-byte block), at ADDRESS
 * | touched by | allocated by | freed by */
#include "misuse.h"

static void *touch(void *block)
{
	*(char *)block = 'x';
	return NULL;
}

int main(void)
{
	char *block = malloc(64);

	free(block);
	in_a_thread(touch, block);
}

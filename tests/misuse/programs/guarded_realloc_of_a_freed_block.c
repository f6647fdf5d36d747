/* 3: realloc of ADDRESS, which is free (64-byte block) | allocated by | freed by */
#include "misuse.h"

int main(void)
{
	char *block = malloc(64);

	free(block);
	realloc(block, 100);
}

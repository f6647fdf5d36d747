/* 0: realloc of ADDRESS, which is free */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	free(block);
	realloc(block, 60);
}

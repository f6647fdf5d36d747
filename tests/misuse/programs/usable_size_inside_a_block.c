/* 0: malloc_usable_size of ADDRESS, which points into a block or between blocks */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	return (int)malloc_usable_size(block + 16);
}

/* 0: realloc of ADDRESS, which points into a block or between blocks */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	realloc(block + 16, 1000);
}

/* 3: free of ADDRESS, which points into a block or between blocks | allocated by */
#include "misuse.h"

int main(void)
{
	char *block = malloc(64);

	free(block + 16);
}

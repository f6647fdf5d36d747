/* 1: free of ADDRESS, which was written to beyond its end */
#include "misuse.h"

int main(void)
{
	char *block = aligned_alloc(256, 256);

	block[256] = '\0';
	free(block);
}

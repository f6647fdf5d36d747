/* 1: free of ADDRESS, which was written to beyond its end */
#include "misuse.h"

int main(void)
{
	char *block = malloc(1 << 20);

	block[1 << 20] = '\0';
	free(block);
}

/* 1: free of ADDRESS, which was written to beyond its end */
#include "misuse.h"

int main(void)
{
	char *blocks[200];

	for (int i = 0; i < 200; i++)
		blocks[i] = malloc(64);
	memset(blocks[100], 'x', 160);
	for (int i = 0; i < 200; i++)
		free(blocks[i]);
}

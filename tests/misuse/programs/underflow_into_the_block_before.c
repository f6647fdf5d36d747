/* 1: free of ADDRESS, which was written to beyond its end */
#include "misuse.h"

int main(void)
{
	char *blocks[200];

	for (int i = 0; i < 200; i++)
		blocks[i] = malloc(64);
	blocks[100][-1] = 'x';
	for (int i = 0; i < 200; i++)
		free(blocks[i]);
}

/* 0: free of ADDRESS, which is no block: freed already, or never one */
/* 1: free of ADDRESS, which is no block: freed already, or never one */
#include "misuse.h"

int main(void)
{
	char *blocks[300];

	for (int i = 0; i < 300; i++)
		blocks[i] = malloc(8000);
	for (int i = 0; i < 300; i++)
		free(blocks[i]);
	malloc_trim(0);
	free(blocks[150]);
}

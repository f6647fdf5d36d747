/* 0: free of ADDRESS, which is no block: freed already, or never one */
/* 1: double free of ADDRESS (72-byte block) */
#include "misuse.h"

int main(void)
{
	char *block = malloc(64);

	free(block);
	free(block);
}

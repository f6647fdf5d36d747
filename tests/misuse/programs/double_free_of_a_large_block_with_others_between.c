/* 0: free of ADDRESS, which is no block: freed already, or never one */
/* 1: double free of ADDRESS (5013496-byte block) */
#include "misuse.h"

int main(void)
{
	char *block = malloc(5000000), *other = malloc(5000000);

	free(block);
	free(other);
	free(block);
}

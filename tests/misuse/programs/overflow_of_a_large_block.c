/* 1: free of ADDRESS, which was written to beyond its end */
#include "misuse.h"

int main(void)
{
	char *block = malloc(5000000);

	block[5000000] = '\0';
	free(block);
}

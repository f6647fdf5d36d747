/* 3: free of ADDRESS, which was written to beyond its end | allocated by */
#include "misuse.h"

int main(void)
{
	char *block = malloc(61);

	block[61] = 'x';
	free(block);
}

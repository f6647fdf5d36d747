/* 0: free of ADDRESS, which is no block: freed already, or never one */
#include "misuse.h"

int main(void)
{
	char *block = malloc(5000000);

	free(block + 1000000);
}

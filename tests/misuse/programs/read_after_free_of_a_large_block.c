/* 1: killed by SIGSEGV */
#include "misuse.h"

int main(void)
{
	char *block = calloc(5000000, 1);

	free(block);
	return block[1000000];
}

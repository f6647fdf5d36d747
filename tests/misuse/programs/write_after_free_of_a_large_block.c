/* 1: killed by SIGSEGV */
#include "misuse.h"

#include <unistd.h>

int main(void)
{
	char *block = malloc(5000000);

	free(block);
	block[1000000] = 'x';
	_exit(0);
}

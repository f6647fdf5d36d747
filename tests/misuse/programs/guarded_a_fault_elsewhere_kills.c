/* 3: killed by SIGSEGV */
#include "misuse.h"

int main(void)
{
	free(malloc(1));
	return *(volatile int *)16;
}

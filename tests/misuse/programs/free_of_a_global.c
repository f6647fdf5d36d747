/* 0: free of ADDRESS, which is no block of this heap */
#include "misuse.h"

static char global[64] __attribute__((aligned(16)));

int main(void)
{
	free(malloc(1));
	free(global + 16);
}

/* 0: free of ADDRESS, which is no block of this heap */
#include "misuse.h"

int main(void)
{
	char local[64] __attribute__((aligned(16)));

	free(malloc(1));
	free(local + 16);
}

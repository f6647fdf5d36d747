/* 0: free of ADDRESS, which is no block of this heap */
#include "misuse.h"

static void *free_stack(void *unused)
{
	char local[64] __attribute__((aligned(16)));

	free(malloc(1));
	free(local + 16);
	return unused;
}

int main(void)
{
	in_a_thread(free_stack, NULL);
}

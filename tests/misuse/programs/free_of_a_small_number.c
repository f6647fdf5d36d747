/* 0: free of ADDRESS, which is no block of this heap */
#include "misuse.h"

int main(void)
{
	free(malloc(1));
	free((void *)1);
}

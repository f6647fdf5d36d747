/* 0: free of ADDRESS with a size of 1000000, but the block has 5013504 bytes */
/* 1: free of ADDRESS with a size of 1000000, but the block has 5000000 bytes */
#include "misuse.h"

int main(void)
{
	free_sized(malloc(5000000), 1000000);
}

/* 0: free of ADDRESS with a size of 100, but the block has 1024 bytes */
/* 1: free of ADDRESS with a size of 100, but the block has 1000 bytes */
#include "misuse.h"

int main(void)
{
	free_sized(block_beside_another(1000), 100);
}

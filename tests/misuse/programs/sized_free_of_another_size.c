/* 0: free of ADDRESS with a size of 640, but the block has 64 bytes */
/* 1: free of ADDRESS with a size of 640, but the block has 64 bytes */
#include "misuse.h"

int main(void)
{
	free_sized(block_beside_another(64), 640);
}

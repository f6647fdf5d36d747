/* 1: free of ADDRESS with a size of 999, but the block has 1000 bytes */
#include "misuse.h"

int main(void)
{
	free_sized(block_beside_another(1000), 999);
}

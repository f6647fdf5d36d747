/* 3: free of ADDRESS with a size of 640, but the block has 64 bytes */
#include "misuse.h"

int main(void)
{
	free_sized(malloc(64), 640);
}

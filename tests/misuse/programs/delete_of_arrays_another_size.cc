/* 0: free of ADDRESS with a size of 400, but the block has 64 bytes */
/* 1: free of ADDRESS with a size of 400, but the block has 64 bytes */
#include "misuse.h"

int main(void)
{
	operator delete[](operator new[](64), (size_t)400);
}

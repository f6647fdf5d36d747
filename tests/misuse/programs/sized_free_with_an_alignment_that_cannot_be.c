/* 0: free of ADDRESS with an alignment of 24, which it cannot have been asked for with */
#include "misuse.h"

int main(void)
{
	free_aligned_sized(aligned_alloc(32, 64), 24, 64);
}

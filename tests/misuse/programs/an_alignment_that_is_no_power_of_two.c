/* 0: nothing */
/* 1: nothing */
/* ends with: 0 refused, 1 taken */
#include "misuse.h"

int main(void)
{
	void *block = malloc(1);

	return aligned_alloc(24, 48) || !posix_memalign(&block, 24, 48);
}

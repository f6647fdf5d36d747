/* 0: free of ADDRESS, which is no block of this heap */
#include "misuse.h"

#include <sys/mman.h>

int main(void)
{
	char *pages = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	free(malloc(1));
	free(pages + 32768);
}

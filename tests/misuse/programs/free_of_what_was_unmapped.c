/* 0: free of ADDRESS, which is no block of this heap */
#include "misuse.h"

#include <sys/mman.h>

int main(void)
{
	char *pages = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(pages, 65536);
	free(pages + 32768);
}

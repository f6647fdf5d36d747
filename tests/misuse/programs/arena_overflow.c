/* 1: free of ADDRESS, which was written to beyond its end */
#include "arenas.h"

int main(void)
{
	char *block = (char *)hp_arena_malloc(an_arena(HP_ARENA_BOUND), 60);

	block[60] = 1;
	free(block);
}

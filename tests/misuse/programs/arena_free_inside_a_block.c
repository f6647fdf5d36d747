/* 0: free of ADDRESS, which points into a block or between blocks */
#include "arenas.h"

int main(void)
{
	free((char *)hp_arena_malloc(an_arena(HP_ARENA_BOUND), 64) + 16);
}

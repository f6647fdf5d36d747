/* 0: free of ADDRESS with a size of 200, but the block has 64 bytes */
#include "arenas.h"

int main(void)
{
	free_sized(hp_arena_malloc(an_arena(HP_ARENA_BOUND), 64), 200);
}

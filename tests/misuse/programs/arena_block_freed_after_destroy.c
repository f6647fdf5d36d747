/* 0: free of ADDRESS, which is no block: freed already, or never one */
#include "arenas.h"

int main(void)
{
	struct hp_arena *arena = an_arena(HP_ARENA_BOUND);
	void *block = hp_arena_malloc(arena, 64);

	hp_arena_destroy(arena);
	free(block);
}

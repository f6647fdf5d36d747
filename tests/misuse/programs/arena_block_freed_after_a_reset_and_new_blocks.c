/* 0: free of ADDRESS, which was freed by a reset of its arena, or never handed out */
#include "arenas.h"

int main(void)
{
	struct hp_arena *arena = an_arena_that_keeps_its_slab(HP_ARENA_BOUND);
	void *block = NULL;

	for (int i = 0; i < 200; i++)
		block = hp_arena_malloc(arena, 64);
	hp_arena_reset(arena);
	hp_arena_malloc(arena, 64);
	free(block);
}

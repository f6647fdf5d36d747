/* 1: ADDRESS was written to after it was freed (72-byte block) */
#include "arenas.h"

int main(void)
{
	struct hp_arena *arena = an_arena(HP_ARENA_BOUND);
	char *block = (char *)hp_arena_malloc(arena, 64);

	hp_arena_malloc(arena, 64);
	free(block);
	block[20] = 1;
	for (int i = 0; i < 1000; i++)
		hp_arena_malloc(arena, 64);
}

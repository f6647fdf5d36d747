/* 1: double free of ADDRESS (72-byte block) */
#include "arenas.h"

int main(void)
{
	struct hp_arena *arena = an_arena(HP_ARENA_SHARED);
	void *block = hp_arena_malloc(arena, 64), *other = hp_arena_malloc(arena, 64);

	hp_arena_malloc(arena, 64);
	free(block);
	free(other);
	free(block);
}

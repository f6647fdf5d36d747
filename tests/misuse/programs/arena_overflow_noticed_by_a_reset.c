/* 1: ADDRESS was written to beyond its end (72-byte block) */
#include "arenas.h"

int main(void)
{
	struct hp_arena *arena = an_arena(HP_ARENA_BOUND);
	char *block = (char *)hp_arena_malloc(arena, 64);

	block[64] = 1;
	hp_arena_reset(arena);
}

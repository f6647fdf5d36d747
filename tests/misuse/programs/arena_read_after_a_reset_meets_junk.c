/* 1: nothing */
#include "arenas.h"

int main(void)
{
	struct hp_arena *arena = an_arena_that_keeps_its_slab(HP_ARENA_BOUND);
	char *block = (char *)hp_arena_malloc(arena, 64);

	memset(block, 7, 64);
	hp_arena_reset(arena);
	return memchr(block, 7, 64) != NULL;
}

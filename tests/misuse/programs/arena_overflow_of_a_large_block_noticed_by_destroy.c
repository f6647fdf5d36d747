/* 1: ADDRESS was written to beyond its end */
#include "arenas.h"

int main(void)
{
	struct hp_arena *arena = an_arena(HP_ARENA_SHARED);
	char *block = (char *)hp_arena_malloc(arena, 1000000);

	block[1000000] = 1;
	hp_arena_destroy(arena);
}

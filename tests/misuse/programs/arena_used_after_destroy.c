/* 0: hp_arena_malloc of arena ADDRESS, which was destroyed, or is none */
#include "arenas.h"

int main(void)
{
	struct hp_arena *arena = an_arena(HP_ARENA_SHARED);

	hp_arena_destroy(arena);
	hp_arena_malloc(arena, 64);
}

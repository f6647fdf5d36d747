/* 0: double free of ADDRESS (64-byte block), or of one beside it */
/* 1: double free of ADDRESS (72-byte block) */
#include "arenas.h"

int main(void)
{
	struct hp_arena *arena = an_arena(HP_ARENA_BOUND);
	void *block = hp_arena_malloc(arena, 64);

	in_a_thread(free_it, block);
	in_a_thread(free_it, block);
	hp_arena_stats_get(arena, NULL, 0);
}

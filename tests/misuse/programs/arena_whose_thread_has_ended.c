/* 0: hp_arena_malloc of arena ADDRESS, whose thread has ended */
#include "arenas.h"

static struct hp_arena *arena;

static void *make(void *unused)
{
	arena = an_arena(HP_ARENA_BOUND);
	return unused;
}

int main(void)
{
	in_a_thread(make, NULL);
	hp_arena_malloc(arena, 64);
}

/* 0: hp_arena_reset of arena ADDRESS, which is bound to another thread */
#include "arenas.h"

static void *reset(void *arena)
{
	hp_arena_reset((struct hp_arena *)arena);
	return NULL;
}

int main(void)
{
	in_a_thread(reset, an_arena(HP_ARENA_BOUND));
}

/* 0: realloc of arena ADDRESS, which is bound to another thread */
#include "arenas.h"

static void *grow(void *block)
{
	return realloc(block, 5000);
}

int main(void)
{
	in_a_thread(grow, hp_arena_malloc(an_arena(HP_ARENA_BOUND), 64));
}

/* 0: nothing */
#include "arenas.h"

static struct hp_arena *arena;
static char *block;

static void *make(void *unused)
{
	arena = an_arena(HP_ARENA_BOUND);
	block = (char *)hp_arena_malloc(arena, 64);
	return unused;
}

int main(void)
{
	struct hp_arena *shared = an_arena(HP_ARENA_SHARED), *bound = an_arena(HP_ARENA_BOUND);

	in_a_thread(allocate_from_it, shared);
	in_a_thread(free_it, hp_arena_malloc(shared, 64));
	in_a_thread(free_it, hp_arena_malloc(bound, 64));
	in_a_thread(free_it, hp_arena_malloc(bound, 1000000));
	free_sized(hp_arena_malloc(bound, 64), 64);
	hp_arena_reset(bound);
	hp_arena_destroy(bound);
	hp_arena_destroy(shared);
	in_a_thread(make, NULL);
	block[63] = 1;
	free(block);
	hp_arena_destroy(arena);
}

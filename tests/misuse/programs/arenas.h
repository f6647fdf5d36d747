/* What the programs with explicit arenas need: their functions, of the preload library. */
#include <hpalloc/arena.h>

#include "misuse.h"

#pragma weak hp_arena_create
#pragma weak hp_arena_malloc
#pragma weak hp_arena_realloc
#pragma weak hp_arena_reset
#pragma weak hp_arena_destroy
#pragma weak hp_arena_stats_get

static inline struct hp_arena *an_arena(enum hp_arena_use use)
{
	struct hp_arena_options options = { .use = use };

	return hp_arena_create(&options, sizeof(options));
}

/* It has learnt that its slab is wanted again after each reset. */
static inline struct hp_arena *an_arena_that_keeps_its_slab(enum hp_arena_use use)
{
	struct hp_arena *arena = an_arena(use);

	for (int i = 0; i < 3; i++) {
		hp_arena_malloc(arena, 64);
		hp_arena_reset(arena);
	}
	return arena;
}

static inline void *allocate_from_it(void *arena)
{
	return hp_arena_malloc((struct hp_arena *)arena, 64);
}

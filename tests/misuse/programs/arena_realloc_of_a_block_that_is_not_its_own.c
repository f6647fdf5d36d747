/* 0: realloc of ADDRESS, which is no block of arena ADDRESS */
#include "arenas.h"

int main(void)
{
	hp_arena_realloc(an_arena(HP_ARENA_SHARED), malloc(64), 100);
}

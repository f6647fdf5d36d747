/* 1: ADDRESS was written to beyond its end (72-byte block) */
#include "arenas.h"

int main(void)
{
	char *block = (char *)hp_arena_malloc(an_arena(HP_ARENA_BOUND), 64);

	block[64] = 1;
}

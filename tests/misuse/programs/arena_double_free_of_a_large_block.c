/* 0: free of ADDRESS, which is no block: freed already, or never one */
#include "arenas.h"

int main(void)
{
	void *block = hp_arena_malloc(an_arena(HP_ARENA_SHARED), 1000000);

	free(block);
	free(block);
}

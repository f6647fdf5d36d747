/* 0: hp_arena_malloc of arena ADDRESS, which is bound to another thread */
#include "arenas.h"

int main(void)
{
	in_a_thread(allocate_from_it, an_arena(HP_ARENA_BOUND));
}

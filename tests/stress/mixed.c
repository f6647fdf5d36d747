/*
 * Eight threads that take, align, resize, exchange and free blocks of all sizes at random, while
 * idle memory goes back at once, so that hugepages change hands all the time.
 */
#include <errno.h>
#include <stdatomic.h>

#include "stress.h"
#include "unit/hugepool.h"

enum { THREADS = 8, SLOTS = 40, BOARD = 64, POOL_PAGES = 24 };

static _Atomic(void *) board[BOARD];

static size_t any_bytes(uint64_t *random)
{
	static const size_t limits[] = { 100, 100, 1000, 1000, 10000, 100000, 3000000 };

	return 16 + hp_test_random(random) % limits[hp_test_random(random) % HP_TEST_COUNT(limits)];
}

static void *do_any(void *block, uint64_t *random)
{
	switch (hp_test_random(random) % 5) {
	case 0:
		hp_stress_free(block);
		return hp_stress_take(any_bytes(random));
	case 1:
		hp_stress_free(block);
		return hp_stress_take_aligned((size_t)16 << hp_test_random(random) % 12,
					      any_bytes(random));
	case 2:
		return block ? hp_stress_resize(block, any_bytes(random)) : NULL;
	case 3:
		return atomic_exchange(&board[hp_test_random(random) % BOARD], block);
	default:
		hp_stress_free(block);
		return NULL;
	}
}

static void *run(void *number)
{
	uint64_t random = (uintptr_t)number + 1;
	void *blocks[SLOTS] = { NULL };

	while (!hp_stress_is_over()) {
		for (int i = 0; i < 50; i++) {
			void **block = &blocks[hp_test_random(&random) % SLOTS];

			*block = do_any(*block, &random);
		}
	}
	for (size_t i = 0; i < SLOTS; i++)
		hp_stress_free(blocks[i]);
	return NULL;
}

static void run_all(void)
{
	hp_stress_begin();
	hp_stress_run(THREADS, run);
	for (size_t i = 0; i < BOARD; i++)
		hp_stress_free(atomic_load(&board[i]));
	hp_stress_end();
}

static void all_kinds_of_blocks_on_a_pool_that_runs_dry(void)
{
	if (hp_test_fresh_with_pool("", POOL_PAGES))
		run_all();
}

static void all_kinds_of_blocks_while_idle_memory_goes_at_once(void)
{
	if (hp_test_fresh("HPALLOC_DECAY_MS=0 HPALLOC_IDLE_MAX=0"))
		run_all();
}

static void all_kinds_of_blocks_on_base_pages(void)
{
	if (hp_test_fresh("HPALLOC_BACKING=base"))
		run_all();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mixed/all-kinds-of-blocks-on-a-pool-that-runs-dry",
			all_kinds_of_blocks_on_a_pool_that_runs_dry);
	g_test_add_func("/mixed/all-kinds-of-blocks-while-idle-memory-goes-at-once",
			all_kinds_of_blocks_while_idle_memory_goes_at_once);
	g_test_add_func("/mixed/all-kinds-of-blocks-on-base-pages",
			all_kinds_of_blocks_on_base_pages);
	return g_test_run();
}

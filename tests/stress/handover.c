/*
 * Blocks handed to threads that are just ending: short-lived threads publish blocks and end at
 * once, while others free what they find. The push of a freed block meets the end of its owner at
 * every possible moment.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "stress.h"

enum { BOARD = 256, EACH = 40, OWNERS = 3, FREERS = 2 };

static _Atomic(void *) board[BOARD];
static atomic_uint births;

/* Puts blocks on the board, frees what lay there, which is others', and ends. */
static void *be_born_and_die(void *argument)
{
	uint64_t random = (uintptr_t)argument;

	for (int i = 0; i < EACH; i++) {
		size_t place = hp_test_random(&random) % BOARD;
		void *block = hp_stress_take(16 + hp_test_random(&random) % 2000);

		hp_stress_free(atomic_exchange(&board[place], block));
	}
	return NULL;
}

static void give_birth(uint64_t *random)
{
	pthread_t threads[3];

	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, be_born_and_die,
					       (void *)(uintptr_t)hp_test_random(random)),
				==, 0);
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	atomic_fetch_add(&births, HP_TEST_COUNT(threads));
}

static void free_what_lies_there(uint64_t *random)
{
	for (int i = 0; i < 100; i++)
		hp_stress_free(atomic_exchange(&board[hp_test_random(random) % BOARD], NULL));
}

static void *run(void *number)
{
	uint64_t random = (uintptr_t)number + 1;

	while (!hp_stress_is_over()) {
		if ((uintptr_t)number < OWNERS)
			give_birth(&random);
		else
			free_what_lies_there(&random);
	}
	return NULL;
}

static void no_block_is_lost_to_a_dying_thread(void)
{
	struct hp_stats stats;

	hp_stress_begin();
	hp_stress_run(OWNERS + FREERS, run);
	for (size_t i = 0; i < BOARD; i++)
		hp_stress_free(atomic_load(&board[i]));
	g_test_message("%u threads", atomic_load(&births));
	g_assert_cmpuint(atomic_load(&births), >=, 30);
	hp_stress_end();
	stats = hp_test_stats();
	g_assert_cmpuint(stats.arenas, <=, 64 + OWNERS * 3 + FREERS);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/handover/no-block-is-lost-to-a-dying-thread",
			no_block_is_lost_to_a_dying_thread);
	return g_test_run();
}

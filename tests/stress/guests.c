/*
 * Threads without an arena: those that only free, and those that go on in destructors of keys after
 * their arena is gone. All of them share the late arena, find others' arenas as guests while trim
 * unlinks those, and leave blocks to each other.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "stress.h"

enum { BOARD = 256, EACH = 30, THREADS = 8, ONLY_FREE = 12, LATE_ROUNDS = 2 };

static _Atomic(void *) board[BOARD];
static atomic_uint late_rounds, births;
static pthread_key_t key;

static void *exchange(void *block, uint64_t *random)
{
	return atomic_exchange(&board[hp_test_random(random) % BOARD], block);
}

static void use(uint64_t *random)
{
	for (int i = 0; i < EACH; i++) {
		size_t bytes = 16 + hp_test_random(random) % (i % 10 ? 1000 : 300000);

		hp_stress_free(exchange(hp_stress_take(bytes), random));
	}
}

/* Sets its key again: the next round is after the heap's own destructor. */
static void use_late(void *value)
{
	uintptr_t round = (uintptr_t)value;
	uint64_t random = round + atomic_fetch_add(&late_rounds, 1);

	use(&random);
	if (round < LATE_ROUNDS)
		pthread_setspecific(key, (void *)(round + 1));
}

static void *live_and_go_on(void *seed)
{
	uint64_t random = (uintptr_t)seed;

	pthread_setspecific(key, (void *)1);
	use(&random);
	return NULL;
}

/* So few that it never gets an arena. */
static void *only_free(void *seed)
{
	uint64_t random = (uintptr_t)seed;

	for (int i = 0; i < ONLY_FREE; i++)
		hp_stress_free(exchange(NULL, &random));
	return NULL;
}

static void *run(void *number)
{
	uint64_t random = (uintptr_t)number + 1;

	for (unsigned i = 0; !hp_stress_is_over(); i++) {
		void *seed = (void *)(uintptr_t)hp_test_random(&random);
		pthread_t thread;

		g_assert_cmpint(pthread_create(&thread, NULL, i % 2 ? only_free : live_and_go_on,
					       seed),
				==, 0);
		g_assert_cmpint(pthread_join(thread, NULL), ==, 0);
		atomic_fetch_add(&births, 1);
		if ((uintptr_t)number == 0)
			hp_trim(0);
	}
	return NULL;
}

static void threads_without_an_arena_use_the_heap(void)
{
	hp_stress_begin();
	g_assert_cmpint(pthread_key_create(&key, use_late), ==, 0);
	hp_stress_run(THREADS, run);
	for (size_t i = 0; i < BOARD; i++)
		hp_stress_free(atomic_load(&board[i]));
	g_test_message("%u threads, %u rounds of destructors", atomic_load(&births),
		       atomic_load(&late_rounds));
	g_assert_cmpuint(atomic_load(&births), >=, 2 * THREADS);
	hp_stress_end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/guests/threads-without-an-arena-use-the-heap",
			threads_without_an_arena_use_the_heap);
	return g_test_run();
}

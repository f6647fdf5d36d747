/* Threads that are born, work on the heap, hand blocks to each other and die. */
#include <pthread.h>
#include <unistd.h>

#include "soak/soak.h"

enum { TABLE = 64, STEPS_MIN = 200, STEPS = 8000, LATE_ROUNDS = 2 };

static pthread_key_t late;

/* Round after round of destructors, so that some run after the heap's own. */
static void work_late(void *value)
{
	uintptr_t round = (uintptr_t)value;
	uint64_t random = round;

	hp_soak_free(hp_soak_take(&random));
	hp_soak_free(hp_soak_exchange(hp_soak_take(&random), &random));
	if (round <= LATE_ROUNDS)
		pthread_setspecific(late, (void *)(round + 1));
}

void hp_soak_workers_init(void)
{
	g_assert_cmpint(pthread_key_create(&late, work_late), ==, 0);
}

static void do_rarely(uint64_t *random)
{
	struct hp_stats stats;

	switch (hp_test_random(random) % 4) {
	case 0:
		hp_trim(hp_test_random(random) % (8 * HP_MIB));
		hp_soak_count(HP_SOAK_TRIMS);
		break;
	case 1:
		usleep(hp_test_random(random) % 2000);
		break;
	default:
		stats = hp_test_stats();
		g_assert_cmpuint(stats.in_use_bytes, <, 16 * HP_GIB);
		g_assert_cmpuint(stats.arenas, <, 100000);
		g_assert_cmpuint(stats.idle_bytes, <=, stats.peak_bytes);
		break;
	}
}

static void do_any(void **block, uint64_t *random)
{
	switch (hp_test_random(random) % 8) {
	case 0:
		hp_soak_free(hp_soak_exchange(*block, random));
		*block = NULL;
		break;
	case 1:
		*block = hp_soak_exchange(*block, random);
		break;
	case 2:
		*block = hp_soak_resize(*block, random);
		break;
	case 3:
		hp_soak_check(*block);
		if (hp_test_random(random) % 256 == 0)
			do_rarely(random);
		break;
	default:
		hp_soak_free(*block);
		*block = hp_soak_take(random);
		break;
	}
}

void *hp_soak_work(void *seed)
{
	uint64_t random = (uintptr_t)seed;
	uint64_t steps = STEPS_MIN + hp_test_random(&random) % STEPS;
	void *blocks[TABLE] = { NULL };

	if (hp_test_random(&random) % 4 == 0)
		pthread_setspecific(late, (void *)1);
	for (uint64_t i = 0; i < steps && !hp_soak_is_over(); i++)
		do_any(&blocks[hp_test_random(&random) % TABLE], &random);
	for (size_t i = 0; i < TABLE; i++) {
		if (i % 2)
			blocks[i] = hp_soak_exchange(blocks[i], &random);
		hp_soak_free(blocks[i]);
	}
	return NULL;
}

void *hp_soak_start_workers(void *number)
{
	uint64_t random = hp_soak.seed + (uintptr_t)number;

	while (!hp_soak_is_over()) {
		void *seed = (void *)(uintptr_t)hp_test_random(&random);
		pthread_t thread;

		if (pthread_create(&thread, NULL, hp_soak_work, seed) != 0) {
			hp_soak_count(HP_SOAK_REFUSED);
			continue;
		}
		g_assert_cmpint(pthread_join(thread, NULL), ==, 0);
		hp_soak_count(HP_SOAK_THREADS);
	}
	return NULL;
}

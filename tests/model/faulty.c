/*
 * The shadow model while the operating system fails at random: machines in several threads keep
 * every byte, are served again whenever the failures pause, and leave nothing behind.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "interpreter.h"
#include "unit/fault.h"
#include "unit/hugepool.h"
#include "unit/support.h"

enum { THREADS = 3, PHASES = 8, POOL_PAGES = 24 };

static struct hp_model_exchange exchange = { .lock = PTHREAD_MUTEX_INITIALIZER };
static pthread_barrier_t phase_begin, phase_end;
static uint64_t operations_each, base_seed;
static bool may_be_refused;

static void *run(void *argument)
{
	unsigned number = (unsigned)(uintptr_t)argument;
	struct hp_model model;

	hp_model_init(&model, &exchange, number);
	for (int phase = 0; phase < PHASES; phase++) {
		pthread_barrier_wait(&phase_begin);
		model.may_be_refused = may_be_refused;
		hp_model_run_random(&model, base_seed + number * PHASES + (unsigned)phase,
				    operations_each);
		pthread_barrier_wait(&phase_end);
	}
	hp_model_fini(&model);
	return NULL;
}

/* Every other phase without failures. */
static void run_phases(void)
{
	static const unsigned per_mille[] = { 3, 30, 300, 950 };

	for (unsigned phase = 0; phase < PHASES; phase++) {
		may_be_refused = phase % 2 == 0;
		if (may_be_refused)
			hp_fault_randomly(per_mille[phase / 2 % HP_TEST_COUNT(per_mille)]);
		else
			hp_fault_none();
		pthread_barrier_wait(&phase_begin);
		pthread_barrier_wait(&phase_end);
	}
}

static void run_in_threads(void)
{
	pthread_t threads[THREADS];

	base_seed = hp_test_seed();
	operations_each = (hp_test_is_full() ? 10000000 : 240000) / THREADS / PHASES;
	if (HP_TEST_ASAN || HP_TEST_TSAN)
		operations_each /= 10;
	pthread_barrier_init(&phase_begin, NULL, THREADS + 1);
	pthread_barrier_init(&phase_end, NULL, THREADS + 1);
	hp_fault_none();
	for (size_t i = 0; i < THREADS; i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, run, (void *)i), ==, 0);
	run_phases();
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	hp_model_exchange_fini(&exchange);
	g_assert_cmpuint(hp_fault_strikes(), >, 0);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 16 * HP_MIB);
}

static void on_a_pool_that_runs_dry(void)
{
	hp_test_seed();
	if (hp_test_fresh_with_pool("", POOL_PAGES))
		run_in_threads();
}

static void with_everything_given_back_at_once(void)
{
	hp_test_seed();
	if (hp_test_fresh("HPALLOC_DECAY_MS=0 HPALLOC_IDLE_MAX=0"))
		run_in_threads();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/faulty/on-a-pool-that-runs-dry", on_a_pool_that_runs_dry);
	g_test_add_func("/faulty/with-everything-given-back-at-once",
			with_everything_given_back_at_once);
	return g_test_run();
}

/*
 * A million random operations of all functions over several threads, which exchange blocks, each
 * verified against the model. The long variant runs ten
 * times as many.
 */
#include <errno.h>
#include <pthread.h>

#include "interpreter.h"
#include "unit/support.h"

enum { THREADS = 4 };

static struct hp_model_exchange exchange = { .lock = PTHREAD_MUTEX_INITIALIZER };
static uint64_t operations_each, base_seed;

static void *run(void *argument)
{
	unsigned number = (unsigned)(uintptr_t)argument;
	struct hp_model *model = g_new(struct hp_model, 1);

	hp_model_init(model, &exchange, number);
	hp_model_run_random(model, base_seed + number, operations_each);
	hp_model_fini(model);
	g_free(model);
	return NULL;
}

static void run_in_threads(uint64_t operations)
{
	pthread_t threads[THREADS];

	base_seed = hp_test_seed();
	operations_each = operations / THREADS * (hp_test_is_full() ? 10 : 1);
	if (HP_TEST_ASAN || HP_TEST_TSAN)
		operations_each /= 10;
	for (size_t i = 0; i < THREADS; i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, run, (void *)i), ==, 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	hp_model_exchange_fini(&exchange);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 8 * HP_MIB);
}

static void on_transparent_huge_pages(void)
{
	hp_test_seed();
	if (hp_test_fresh(""))
		run_in_threads(1000000);
}

static void on_base_pages_with_everything_given_back_at_once(void)
{
	hp_test_seed();
	if (hp_test_fresh("HPALLOC_BACKING=base HPALLOC_DECAY_MS=0 HPALLOC_IDLE_MAX=0"))
		run_in_threads(100000);
}

static void one_thread_alone_repeats_exactly(void)
{
	struct hp_model first, second;

	if (!hp_test_fresh(""))
		return;
	hp_model_init(&first, NULL, 1);
	hp_model_init(&second, NULL, 2);
	hp_model_run_random(&first, 42, 20000);
	hp_model_run_random(&second, 42, 20000);
	for (size_t i = 0; i < HP_MODEL_SLOTS; i++) {
		g_assert_cmpuint(first.slots[i].bytes, ==, second.slots[i].bytes);
		g_assert_cmpuint(!first.slots[i].block, ==, !second.slots[i].block);
	}
	hp_model_fini(&first);
	hp_model_fini(&second);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/random/on-transparent-huge-pages", on_transparent_huge_pages);
	g_test_add_func("/random/on-base-pages-with-everything-given-back-at-once",
			on_base_pages_with_everything_given_back_at_once);
	g_test_add_func("/random/one-thread-alone-repeats-exactly",
			one_thread_alone_repeats_exactly);
	return g_test_run();
}

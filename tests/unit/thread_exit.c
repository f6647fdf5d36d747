/*
 * The end of a thread: destructors of thread-locals and of keys that use the heap, before and
 * after the heap's own ran, work and leak nothing. The C library runs C++'s thread_local
 * destructors first, then those of keys in up to four rounds.
 */
#include <errno.h>
#include <pthread.h>

#include "support.h"

enum { KEYS = 40, ROUNDS = 4, THREADS = 50 };

/* What a compiled thread_local destructor calls; see the Itanium C++ ABI. */
int __cxa_thread_atexit_impl(void (*function)(void *), void *object, void *library);
extern void *__dso_handle;

static pthread_key_t keys[KEYS];
static int rounds_run;

static void use_the_heap(uint64_t seed)
{
	const size_t sizes[] = { 1, 24, 500, 9000, 150 * HP_KIB };
	void *blocks[HP_TEST_COUNT(sizes)];

	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		blocks[i] = hp_malloc(sizes[i]);
		g_assert_nonnull(blocks[i]);
		hp_test_fill(blocks[i], sizes[i], seed + i);
	}
	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		blocks[i] = hp_realloc(blocks[i], 2 * sizes[i]);
		g_assert_nonnull(blocks[i]);
		g_assert_true(hp_test_is_filled(blocks[i], sizes[i], seed + i));
		hp_free(blocks[i]);
	}
	hp_free(hp_calloc(3, 100));
	hp_free(hp_aligned_alloc(4096, 100));
}

/* Frees the block of the last round and leaves one for the next: the last one is freed too. */
static void destroy(void *value)
{
	uint64_t *block = value;
	uint64_t round = block[0];
	size_t key = block[1];

	use_the_heap(round);
	hp_free(block);
	__atomic_add_fetch(&rounds_run, 1, __ATOMIC_RELAXED);
	if (round + 1 == ROUNDS)
		return;
	block = hp_malloc(16);
	block[0] = round + 1;
	block[1] = key;
	pthread_setspecific(keys[key], block);
}

static void set_key(size_t key)
{
	uint64_t *block = hp_malloc(16);

	block[0] = 0;
	block[1] = key;
	g_assert_cmpint(pthread_setspecific(keys[key], block), ==, 0);
}

static void destroy_local(void *block)
{
	use_the_heap(77);
	hp_free(block);
}

static void *use_keys(void *argument)
{
	(void)argument;
	__cxa_thread_atexit_impl(destroy_local, hp_malloc(1000), &__dso_handle);
	for (size_t i = 0; i < KEYS; i++)
		set_key(i);
	use_the_heap(1);
	__cxa_thread_atexit_impl(destroy_local, hp_malloc(1000), &__dso_handle);
	return NULL;
}

static void run_threads(void *(*body)(void *), size_t count)
{
	for (size_t i = 0; i < count; i++) {
		pthread_t thread;

		g_assert_cmpint(pthread_create(&thread, NULL, body, NULL), ==, 0);
		pthread_join(thread, NULL);
	}
}

static void leaves_nothing(struct hp_stats *early)
{
	struct hp_stats late;

	hp_trim(0);
	late = hp_test_stats();
	g_assert_cmpuint(late.in_use_bytes, ==, 0);
	g_assert_cmpuint(late.heap_bytes, <=, early->heap_bytes + HP_TEST_HUGEPAGE);
	g_assert_cmpuint(late.arenas, <=, early->arenas + 2);
}

/* Half of the keys are older than the heap's own, half are younger. */
static void destructors_of_keys_and_locals_use_the_heap(void)
{
	struct hp_stats early;

	if (!hp_test_fresh(""))
		return;
	for (size_t i = 0; i < KEYS / 2; i++)
		pthread_key_create(&keys[i], destroy);
	hp_free(hp_malloc(1));
	for (size_t i = KEYS / 2; i < KEYS; i++)
		pthread_key_create(&keys[i], destroy);
	run_threads(use_keys, 5);
	early = hp_test_stats();
	run_threads(use_keys, THREADS);
	g_assert_cmpint(rounds_run, ==, (THREADS + 5) * KEYS * ROUNDS);
	leaves_nothing(&early);
}

static void *use_only_in_the_destructor(void *argument)
{
	(void)argument;
	pthread_setspecific(keys[0], (void *)&keys);
	return NULL;
}

static void destroy_first_use(void *value)
{
	(void)value;
	use_the_heap(5);
	__atomic_add_fetch(&rounds_run, 1, __ATOMIC_RELAXED);
}

static void the_first_use_may_be_in_a_destructor(void)
{
	struct hp_stats early;

	if (!hp_test_fresh(""))
		return;
	pthread_key_create(&keys[0], destroy_first_use);
	run_threads(use_only_in_the_destructor, 2);
	early = hp_test_stats();
	run_threads(use_only_in_the_destructor, THREADS);
	g_assert_cmpint(rounds_run, ==, THREADS + 2);
	leaves_nothing(&early);
}

static void *leave_to_the_destructor(void *argument)
{
	use_the_heap(3);
	pthread_setspecific(keys[0], argument);
	return NULL;
}

static void free_late(void *value)
{
	void **blocks = value;

	for (size_t i = 0; i < 1000; i++) {
		hp_free(blocks[i]);
		blocks[i] = hp_malloc(i);
	}
}

/* Blocks of others are freed and blocks for others taken when the thread's arena is gone. */
static void a_late_destructor_exchanges_blocks_with_other_threads(void)
{
	void *blocks[1000];

	if (!hp_test_fresh(""))
		return;
	hp_free(hp_malloc(1));
	pthread_key_create(&keys[0], free_late);
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		blocks[i] = hp_malloc(i);
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, leave_to_the_destructor, blocks);
		pthread_join(thread, NULL);
		for (size_t j = 0; j < HP_TEST_COUNT(blocks); j++) {
			g_assert_cmpuint(hp_malloc_usable_size(blocks[j]), ==, hp_good_size(j));
			hp_test_fill(blocks[j], j, j);
		}
	}
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++) {
		g_assert_true(hp_test_is_filled(blocks[i], i, i));
		hp_free(blocks[i]);
	}
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/thread-exit/destructors-of-keys-and-locals-use-the-heap",
			destructors_of_keys_and_locals_use_the_heap);
	g_test_add_func("/thread-exit/the-first-use-may-be-in-a-destructor",
			the_first_use_may_be_in_a_destructor);
	g_test_add_func("/thread-exit/a-late-destructor-exchanges-blocks-with-other-threads",
			a_late_destructor_exchanges_blocks_with_other_threads);
	return g_test_run();
}

/*
 * Threads whose first use of the heap comes when there is no address space left: they are served
 * from what is there or refused, and never end the program, though liburcu would.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>

#include "support.h"

enum { THREADS = 100, SMALL_BYTES = 100, STACK_BYTES = 64 << 10 };

static sem_t go[THREADS], done;
static pthread_t threads[THREADS];
static bool is_over;

static void limit_address_space(bool is_full)
{
	struct rlimit limit;

	g_assert_cmpint(getrlimit(RLIMIT_AS, &limit), ==, 0);
	limit.rlim_cur =
		is_full ? hp_test_proc_bytes("/proc/self/status", "VmSize:") : limit.rlim_max;
	g_assert_cmpint(setrlimit(RLIMIT_AS, &limit), ==, 0);
}

static void use_heap(void)
{
	void *block;

	errno = 0;
	block = hp_test_opaque(hp_malloc(SMALL_BYTES));
	if (!block)
		g_assert_cmpint(errno, ==, ENOMEM);
	hp_free(block);
}

/* Uses the heap each time that it is told to. */
static void *obey(void *own)
{
	while (!sem_wait(own) && !is_over) {
		use_heap();
		sem_post(&done);
	}
	return NULL;
}

static void tell_all(void)
{
	for (size_t i = 0; i < THREADS; i++) {
		sem_post(&go[i]);
		sem_wait(&done);
	}
}

static void start_all(void)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sem_init(&done, 0, 0);
	for (size_t i = 0; i < THREADS; i++) {
		sem_init(&go[i], 0, 0);
		g_assert_cmpint(pthread_create(&threads[i], &attributes, obey, &go[i]), ==, 0);
	}
	pthread_attr_destroy(&attributes);
}

static void end_all(void)
{
	is_over = true;
	for (size_t i = 0; i < THREADS; i++) {
		sem_post(&go[i]);
		g_assert_cmpint(pthread_join(threads[i], NULL), ==, 0);
	}
}

/* So many that whoever keeps a list of them needs more memory for it. */
static void all_are_served_or_refused(void)
{
	if (hp_test_skips_measures() || !hp_test_fresh(""))
		return;
	start_all();
	hp_free(hp_malloc(SMALL_BYTES));
	limit_address_space(true);
	tell_all();
	g_assert_cmpuint(hp_test_stats().arenas, <, THREADS);
	limit_address_space(false);
	tell_all();
	g_assert_cmpuint(hp_test_stats().arenas, >, THREADS);
	end_all();
	g_assert_cmpuint(hp_test_stats().in_use_blocks, <=, 64);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/limits-threads/all-are-served-or-refused", all_are_served_or_refused);
	return g_test_run();
}

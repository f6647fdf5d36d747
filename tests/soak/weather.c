/*
 * What the machine does meanwhile: system calls fail in bouts, and another process changes the size
 * of the hugetlb pool.
 *
 * With pages of the pool, a fork whose copy fails shares them, and who writes to one when the pool
 * has none is rescued. In there nothing is made to fail.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak/soak.h"
#include "unit/fault.h"
#include "unit/hugepool.h"

enum { POOL_PAGES = 64, BOUT_MS = 1500, RESIZE_MS = 500, SETTLE_STEPS = 50 };

static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;
static pid_t resizer;

static void resize_for_ever(void)
{
	uint64_t random = hp_soak.seed;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		uint64_t kind = hp_test_random(&random) % 4;

		hp_test_pool_resize(kind ? (unsigned)(hp_test_random(&random) % POOL_PAGES) : 0);
		hp_test_sleep_ms((unsigned)(hp_test_random(&random) % RESIZE_MS));
	}
}

void hp_soak_pool_begin(void)
{
	hp_soak.has_pool = g_strcmp0(g_getenv("HPALLOC_BACKING"), "auto") == 0 &&
			   hp_test_pool_begin(POOL_PAGES);
	if (!hp_soak.has_pool) {
		printf("soak: SKIPPED: nobody changes the hugetlb pool, and no page of it is "
		       "used\n");
		return;
	}
	/* The rescue gets what it needs before anything can fail. */
	hp_free(hp_malloc(8 * HP_MIB));
	g_assert_cmpuint(hp_test_stats().hugepages_taken, >, 0);
	hp_fault_spare_rescue();
	resizer = fork();
	g_assert_cmpint(resizer, >=, 0);
	if (resizer == 0)
		resize_for_ever();
}

/*
 * Pages in use when the pool is made smaller are surplus, and go when they are free. What is still
 * used now is of others, who came meanwhile: this process has no page (main.c) and no child.
 */
void hp_soak_pool_end(void)
{
	unsigned used = 0;

	if (!hp_soak.has_pool)
		return;
	kill(resizer, SIGKILL);
	waitpid(resizer, NULL, 0);
	hp_test_pool_resize(POOL_PAGES);
	/* Promises of the pool that could not be let off go when it is asked again. */
	hp_test_sleep_ms(2 * RESIZE_MS);
	hp_free(hp_malloc(8 * HP_MIB));
	hp_trim(0);
	for (int i = 0; i < SETTLE_STEPS && (used = hp_test_pool_used_pages()); i++)
		hp_test_sleep_ms(100);
	if (used)
		printf("soak: %u pages of the pool are used by others\n", used);
	else
		g_assert_cmpuint(hp_test_pool_free_pages(), ==, POOL_PAGES);
	hp_test_pool_end();
}

static void change(uint64_t *random)
{
	pthread_mutex_lock(&changing);
	if (!hp_fault_is_planned())
		hp_fault_randomly(1 + (unsigned)(hp_test_random(random) % 300));
	else
		hp_fault_none();
	pthread_mutex_unlock(&changing);
}

void *hp_soak_weather(void *number)
{
	uint64_t random = hp_soak.seed + 1;

	(void)number;
	while (!hp_soak_is_over()) {
		change(&random);
		hp_test_sleep_ms((unsigned)(hp_test_random(&random) % BOUT_MS));
	}
	hp_fault_none();
	return NULL;
}

void hp_soak_weather_hold(void)
{
	pthread_mutex_lock(&changing);
}

void hp_soak_weather_let(void)
{
	pthread_mutex_unlock(&changing);
}

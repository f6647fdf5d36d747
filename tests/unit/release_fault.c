/*
 * Memory that munmap() does not take back, as at the limit of mappings: it is emptied, and goes
 * with the next that does.
 */
#include <pthread.h>
#include <string.h>

#include "fault.h"
#include "os/os.h"
#include "rt/release.h"
#include "support.h"

enum { RANGES = 40, TOO_MANY = 200, THREADS = 8, ROUNDS = 20000 };

#define RANGE_BYTES ((size_t)3 * HP_MIB)

static void *map_filled(size_t bytes)
{
	void *range = NULL;

	g_assert_cmpint(hp_os_map(NULL, bytes, HP_PAGE_BYTES, &range), ==, 0);
	memset(range, 1, bytes);
	return range;
}

static uint64_t anonymous_bytes(void)
{
	return hp_test_proc_bytes("/proc/self/status", "RssAnon:");
}

static uint64_t mapped_bytes(void)
{
	return hp_test_proc_bytes("/proc/self/status", "VmSize:");
}

static void release_refused(unsigned ranges)
{
	hp_fault_all_of(HP_FAULT_release);
	for (unsigned i = 0; i < ranges; i++) {
		void *range = map_filled(RANGE_BYTES);

		g_assert_cmpint(hp_release(range, RANGE_BYTES), <, 0);
	}
	g_assert_cmpint(hp_release_rest(), <, 0);
	hp_fault_none();
}

static void what_stays_is_empty_and_goes_with_the_next(void)
{
	uint64_t resident = anonymous_bytes(), mapped = mapped_bytes();

	release_refused(RANGES);
	g_assert_cmpuint(anonymous_bytes(), <, resident + 2 * RANGE_BYTES);
	g_assert_cmpuint(mapped_bytes(), >=, mapped + RANGES * RANGE_BYTES);
	g_assert_cmpint(hp_release(map_filled(RANGE_BYTES), RANGE_BYTES), ==, 0);
	g_assert_cmpuint(mapped_bytes(), <, mapped + RANGE_BYTES);
	g_assert_cmpint(hp_release_rest(), ==, 0);
}

static void of_too_many_only_address_space_is_lost(void)
{
	uint64_t resident = anonymous_bytes(), mapped = mapped_bytes();

	release_refused(TOO_MANY);
	g_assert_cmpint(hp_release_rest(), ==, 0);
	g_assert_cmpuint(anonymous_bytes(), <, resident + 2 * RANGE_BYTES);
	g_assert_cmpuint(mapped_bytes(), <, mapped + (TOO_MANY - RANGES) * RANGE_BYTES);
}

/* Another's mapping may come where one just went: nobody may unmap it. */
static void *release_and_check(void *number)
{
	(void)number;
	for (unsigned i = 0; i < ROUNDS; i++) {
		void *range = NULL;

		if (hp_os_map(NULL, HP_PAGE_BYTES, HP_PAGE_BYTES, &range))
			continue;
		hp_test_fill(range, HP_PAGE_BYTES, i);
		g_assert_true(hp_test_is_filled(range, HP_PAGE_BYTES, i));
		hp_release(range, HP_PAGE_BYTES);
	}
	return NULL;
}

static void threads_take_nothing_from_each_other(void)
{
	pthread_t threads[THREADS];

	hp_fault_randomly(100);
	for (unsigned i = 0; i < THREADS; i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, release_and_check, NULL), ==, 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	hp_fault_none();
	g_assert_cmpint(hp_release_rest(), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/release/threads-take-nothing-from-each-other",
			threads_take_nothing_from_each_other);
	/* It keeps memory of its own for each page that was written to. */
	if (HP_TEST_TSAN)
		return g_test_run();
	g_test_add_func("/release/what-stays-is-empty-and-goes-with-the-next",
			what_stays_is_empty_and_goes_with_the_next);
	g_test_add_func("/release/of-too-many-only-address-space-is-lost",
			of_too_many_only_address_space_is_lost);
	return g_test_run();
}

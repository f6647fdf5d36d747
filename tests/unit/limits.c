/*
 * Limits that a program sets on itself: the heap reserves so little address space at first that
 * none of them is hit by it, refuses with ENOMEM where one is, and goes on when it is lifted.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"

enum { NOBODY = 65534, BLOCKS = 4096 };

static void set_limit(__rlimit_resource_t resource, uint64_t bytes)
{
	struct rlimit limit;

	g_assert_cmpint(getrlimit(resource, &limit), ==, 0);
	limit.rlim_cur = bytes;
	g_assert_cmpint(setrlimit(resource, &limit), ==, 0);
}

static void lift_limit(__rlimit_resource_t resource)
{
	struct rlimit limit;

	g_assert_cmpint(getrlimit(resource, &limit), ==, 0);
	limit.rlim_cur = limit.rlim_max;
	g_assert_cmpint(setrlimit(resource, &limit), ==, 0);
}

/* Takes blocks until one is refused, checks all of them, and frees them; returns their bytes. */
static size_t fill_up(size_t bytes)
{
	static void *blocks[BLOCKS];
	size_t count = 0;

	errno = 0;
	while (count < BLOCKS && (blocks[count] = hp_malloc(bytes))) {
		hp_test_fill(blocks[count], bytes, count);
		count++;
	}
	if (count < BLOCKS)
		g_assert_cmpint(errno, ==, ENOMEM);
	for (size_t i = 0; i < count; i++) {
		g_assert_true(hp_test_is_filled(blocks[i], bytes, i));
		hp_free(blocks[i]);
	}
	return count * bytes;
}

static void *do_nothing(void *argument)
{
	hp_free(hp_malloc(100));
	return argument;
}

static void a_thread_can_start(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 * HP_KIB);
	g_assert_cmpint(pthread_create(&thread, &attributes, do_nothing, NULL), ==, 0);
	pthread_join(thread, NULL);
}

/* False where the hard limit is lower and can't be raised. */
static bool limit_locked(size_t bytes)
{
	struct rlimit limit;

	g_assert_cmpint(getrlimit(RLIMIT_MEMLOCK, &limit), ==, 0);
	limit.rlim_cur = bytes;
	limit.rlim_max = MAX(limit.rlim_max, bytes);
	return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

/* Somebody for whom limits count. */
static void become_nobody(void)
{
	if (geteuid() == 0)
		g_assert_cmpint(setresuid(NOBODY, NOBODY, NOBODY), ==, 0);
}

static void the_heap_works_within(size_t bytes)
{
	g_assert_cmpuint(fill_up(8000), >=, bytes);
	fill_up(10 * HP_MIB);
	g_assert_cmpuint(fill_up(500), >=, bytes / 2);
}

/* The process itself maps some 20 MB of libraries; with a heap that reserves gigabytes it fails. */
static void mlockall_with_a_finite_limit_works(bool has_block)
{
	if (hp_test_skips_measures())
		return;
	if (!g_test_subprocess() && !limit_locked(256 * HP_MIB)) {
		hp_test_skip("the limit of locked memory can't be raised here");
		return;
	}
	if (!hp_test_fresh(""))
		return;
	if (has_block)
		hp_free(hp_malloc(100));
	g_assert_true(limit_locked(256 * HP_MIB));
	become_nobody();
	g_assert_cmpint(mlockall(MCL_CURRENT | MCL_FUTURE), ==, 0);
	the_heap_works_within(8 * HP_MIB);
}

static void mlockall_with_a_finite_limit_works_after_the_first_block(void)
{
	mlockall_with_a_finite_limit_works(true);
}

static void mlockall_with_a_finite_limit_works_before_the_first_block(void)
{
	mlockall_with_a_finite_limit_works(false);
}

/* All that is mapped from now on counts at once, reserved or not: the default limit is 8 MB. */
static void the_first_block_comes_with_8_mb_that_can_be_locked(void)
{
	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh(""))
		return;
	g_assert_true(limit_locked(8 * HP_MIB));
	become_nobody();
	g_assert_cmpint(mlockall(MCL_FUTURE), ==, 0);
	the_heap_works_within(HP_MIB);
}

static uint64_t virtual_bytes(void)
{
	return hp_test_proc_bytes("/proc/self/status", "VmSize:");
}

static void a_limit_of_address_space_set_after_the_start_leaves_room(void)
{
	size_t limited;

	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh(""))
		return;
	hp_free(hp_malloc(100));
	g_assert_cmpuint(virtual_bytes(), <, 2 * HP_GIB);
	set_limit(RLIMIT_AS, virtual_bytes() + 256 * HP_MIB);
	a_thread_can_start();
	limited = fill_up(100 * HP_KIB);
	g_assert_cmpuint(limited, >=, 100 * HP_MIB);
	g_assert_cmpuint(limited, <, 400 * HP_MIB);
	HP_TEST_TOO_MUCH(hp_malloc(HP_GIB));
	a_thread_can_start();
	lift_limit(RLIMIT_AS);
	g_assert_cmpuint(fill_up(150 * HP_KIB), ==, 150 * HP_KIB * BLOCKS);
	a_thread_can_start();
}

static void a_limit_of_address_space_set_before_the_start_is_no_obstacle(void)
{
	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh(""))
		return;
	set_limit(RLIMIT_AS, virtual_bytes() + 64 * HP_MIB);
	g_assert_cmpuint(fill_up(1000), >=, 4 * HP_MIB - 1000 * HP_KIB);
	fill_up(100 * HP_KIB);
	a_thread_can_start();
	lift_limit(RLIMIT_AS);
	g_assert_cmpuint(fill_up(100 * HP_KIB), ==, 100 * HP_KIB * BLOCKS);
}

static void a_limit_of_data_is_enomem_and_no_more(void)
{
	size_t limited;

	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh(""))
		return;
	hp_free(hp_malloc(100));
	set_limit(RLIMIT_DATA, hp_test_proc_bytes("/proc/self/status", "VmData:") + 128 * HP_MIB);
	limited = fill_up(100 * HP_KIB);
	g_assert_cmpuint(limited, >=, 50 * HP_MIB);
	g_assert_cmpuint(limited, <, 256 * HP_MIB);
	HP_TEST_TOO_MUCH(hp_malloc(HP_GIB));
	lift_limit(RLIMIT_DATA);
	g_assert_cmpuint(fill_up(150 * HP_KIB), ==, 150 * HP_KIB * BLOCKS);
}

/* No room at all: even the first region can't be had. Nothing may crash; NULL is right. */
static void without_any_address_space_requests_are_refused(void)
{
	void *block;

	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh(""))
		return;
	set_limit(RLIMIT_AS, virtual_bytes() + 64 * HP_KIB);
	errno = 0;
	block = hp_malloc(100);
	if (!block)
		g_assert_cmpint(errno, ==, ENOMEM);
	hp_free(block);
	HP_TEST_TOO_MUCH(hp_malloc(HP_GIB));
	lift_limit(RLIMIT_AS);
	block = hp_malloc(100);
	g_assert_nonnull(block);
	hp_free(block);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/limits/mlockall-with-a-finite-limit-works-after-the-first-block",
			mlockall_with_a_finite_limit_works_after_the_first_block);
	g_test_add_func("/limits/mlockall-with-a-finite-limit-works-before-the-first-block",
			mlockall_with_a_finite_limit_works_before_the_first_block);
	g_test_add_func("/limits/the-first-block-comes-with-8-mb-that-can-be-locked",
			the_first_block_comes_with_8_mb_that_can_be_locked);
	g_test_add_func("/limits/a-limit-of-address-space-set-after-the-start-leaves-room",
			a_limit_of_address_space_set_after_the_start_leaves_room);
	g_test_add_func("/limits/a-limit-of-address-space-set-before-the-start-is-no-obstacle",
			a_limit_of_address_space_set_before_the_start_is_no_obstacle);
	g_test_add_func("/limits/a-limit-of-data-is-enomem-and-no-more",
			a_limit_of_data_is_enomem_and_no_more);
	g_test_add_func("/limits/without-any-address-space-requests-are-refused",
			without_any_address_space_requests_are_refused);
	return g_test_run();
}

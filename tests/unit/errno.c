/* errno: kept by hp_free(), left alone by whatever succeeds. */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "support.h"

enum { MANY = 40000, STRIDE = 60 };

static const size_t sizes[] = {
	0, 1, 64, 1000, 40 * HP_KIB, 140 * HP_KIB, 5 * HP_MIB, 100 * HP_MIB
};

static void free_keeps_errno(void)
{
	HP_TEST_KEEPS_ERRNO(hp_free(NULL));
	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		void *block = hp_malloc(sizes[i]);

		HP_TEST_KEEPS_ERRNO(hp_free(block));
		block = hp_malloc(sizes[i]);
		HP_TEST_KEEPS_ERRNO(hp_free_sized(block, sizes[i]));
		block = hp_aligned_alloc(64, sizes[i]);
		HP_TEST_KEEPS_ERRNO(hp_free_aligned_sized(block, 64, sizes[i]));
	}
}

/* Enough at once that a hugepage or a mapping is given back on the way. */
static void freeing_much_keeps_errno(void)
{
	enum { BLOCKS = 64 * 1024 };
	void **blocks = g_new(void *, BLOCKS);

	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = hp_malloc(1024);
	for (size_t i = 0; i < BLOCKS; i++)
		HP_TEST_KEEPS_ERRNO(hp_free(blocks[i]));
	g_free(blocks);
}

static void *take_many(void *blocks)
{
	for (size_t i = 0; i < MANY; i++)
		((void **)blocks)[i] = hp_malloc(1024);
	return blocks;
}

/* What goes back cannot be purged: the system calls on the way fail. In a stride: see outbox.c. */
static void frees_that_fail_to_purge_keep_errno(void)
{
	static void *own[MANY], *others[MANY];
	pthread_t thread;

	if (!hp_test_fresh("HPALLOC_IDLE_MAX=0"))
		return;
	take_many(own);
	g_assert_cmpint(pthread_create(&thread, NULL, take_many, others), ==, 0);
	pthread_join(thread, NULL);
	if (mlockall(MCL_CURRENT)) {
		hp_test_skip("memory cannot be locked here");
		return;
	}
	for (size_t start = 0; start < STRIDE; start++) {
		for (size_t i = start; i < MANY; i += STRIDE) {
			HP_TEST_KEEPS_ERRNO(hp_free(own[i]));
			HP_TEST_KEEPS_ERRNO(hp_free(others[i]));
		}
	}
	munlockall();
}

static void success_leaves_errno(void)
{
	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		size_t bytes = sizes[i];
		void *block, *other, *aligned;

		HP_TEST_KEEPS_ERRNO(block = hp_malloc(bytes));
		HP_TEST_KEEPS_ERRNO(other = hp_calloc(3, bytes));
		HP_TEST_KEEPS_ERRNO(aligned = hp_aligned_alloc(4096, bytes));
		g_assert_true(block && other && aligned);
		HP_TEST_KEEPS_ERRNO(block = hp_realloc(block, bytes + 10000));
		g_assert_nonnull(block);
		HP_TEST_KEEPS_ERRNO(block = hp_realloc(block, 16));
		HP_TEST_KEEPS_ERRNO(hp_malloc_usable_size(block));
		HP_TEST_KEEPS_ERRNO(g_assert_null(hp_realloc(block, 0)));
		hp_free(other);
		hp_free(aligned);
	}
	HP_TEST_KEEPS_ERRNO(hp_trim(0));
	HP_TEST_KEEPS_ERRNO(hp_test_stats());
	HP_TEST_KEEPS_ERRNO(hp_owns(&errno));
}

static void *first_use_in_a_thread(void *argument)
{
	void *block;

	(void)argument;
	HP_TEST_KEEPS_ERRNO(block = hp_malloc(10));
	HP_TEST_KEEPS_ERRNO(hp_free(block));
	return NULL;
}

static void the_first_use_leaves_errno(void)
{
	pthread_t thread;

	if (!hp_test_fresh(""))
		return;
	first_use_in_a_thread(NULL);
	g_assert_cmpint(pthread_create(&thread, NULL, first_use_in_a_thread, NULL), ==, 0);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/errno/free-keeps-errno", free_keeps_errno);
	g_test_add_func("/errno/freeing-much-keeps-errno", freeing_much_keeps_errno);
	g_test_add_func("/errno/frees-that-fail-to-purge-keep-errno",
			frees_that_fail_to_purge_keep_errno);
	g_test_add_func("/errno/success-leaves-errno", success_leaves_errno);
	g_test_add_func("/errno/the-first-use-leaves-errno", the_first_use_leaves_errno);
	return g_test_run();
}

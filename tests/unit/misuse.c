/* Misuse that is noticed always, at once or at exit: one line on standard error, and abort. */
#include <errno.h>
#include <pthread.h>

#include "support.h"

static char global[64] __attribute__((aligned(16)));

/*
 * In the test's own process: runs this test in a new one, which must die with a line that has the
 * words, and returns false. In the new process: returns true.
 */
static bool in_a_process_that_dies_with(const char *words)
{
	char *pattern;

	if (hp_test_trapped(""))
		return true;
	pattern = g_strdup_printf("*hpalloc: *%s*", words);
	g_test_trap_assert_failed();
	g_test_trap_assert_stderr(pattern);
	g_test_trap_assert_stderr_unmatched("*hpalloc:*hpalloc:*");
	g_free(pattern);
	return false;
}

static void an_immediate_double_free_is_caught(void)
{
	void *block, *neighbour;

	if (!in_a_process_that_dies_with("double free"))
		return;
	neighbour = hp_malloc(64);
	block = hp_test_opaque(hp_malloc(64));
	hp_free(block);
	hp_free(hp_test_opaque(block));
	hp_free(neighbour);
}

/* Alone in its slab, which is given back with it. */
static void an_immediate_double_free_of_the_only_block_is_caught(void)
{
	void *block;

	if (!in_a_process_that_dies_with("free"))
		return;
	block = hp_test_opaque(hp_malloc(64));
	hp_free(block);
	hp_free(hp_test_opaque(block));
}

static void a_double_free_of_a_large_block_is_caught(void)
{
	void *block;

	if (!in_a_process_that_dies_with("free"))
		return;
	block = hp_test_opaque(hp_malloc(5 * HP_MIB));
	hp_free(block);
	hp_free(hp_test_opaque(block));
}

static void freeing_the_stack_is_caught(void)
{
	char local[64] __attribute__((aligned(16)));

	if (!in_a_process_that_dies_with(""))
		return;
	hp_free(hp_malloc(1));
	hp_free(hp_test_opaque(local));
}

static void freeing_a_global_before_the_first_block_is_caught(void)
{
	if (!in_a_process_that_dies_with(""))
		return;
	hp_free(hp_test_opaque(global));
}

static void freeing_inside_a_large_block_is_caught(void)
{
	char *block;

	if (!in_a_process_that_dies_with(""))
		return;
	block = hp_test_opaque(hp_malloc(5 * HP_MIB));
	hp_free(hp_test_opaque(block + HP_MIB));
}

static void a_realloc_of_the_stack_is_caught(void)
{
	char local[64] __attribute__((aligned(16)));

	if (!in_a_process_that_dies_with(""))
		return;
	g_assert_null(hp_realloc(hp_test_opaque(local), 100));
}

/* Its slab is empty then, and kept, as blocks of it were taken again and again. */
static void a_second_free_in_an_empty_slab_is_caught(void)
{
	void *first = NULL, *second = NULL;

	if (!in_a_process_that_dies_with("double free"))
		return;
	for (size_t i = 0; i < 200; i++) {
		first = hp_test_opaque(hp_malloc(8000));
		second = hp_malloc(8000);
		hp_free(first);
		hp_free(second);
	}
	hp_free(hp_test_opaque(first));
}

static void a_double_free_with_another_between_is_caught_at_exit(void)
{
	void *block, *other;

	if (!in_a_process_that_dies_with("double free of 0x"))
		return;
	block = hp_test_opaque(hp_malloc(64));
	other = hp_malloc(64);
	hp_malloc(64);
	hp_free(block);
	hp_free(other);
	hp_free(hp_test_opaque(block));
}

static void freeing_inside_a_small_block_is_caught_at_exit(void)
{
	char *block;

	if (!in_a_process_that_dies_with("which points into a block"))
		return;
	block = hp_test_opaque(hp_malloc(64));
	hp_malloc(64);
	hp_free(hp_test_opaque(block + 16));
}

static void a_write_to_a_free_block_is_caught_at_exit(void)
{
	void **block;

	if (!in_a_process_that_dies_with("was written to after it was freed"))
		return;
	block = hp_test_opaque(hp_malloc(64));
	hp_malloc(64);
	hp_free(block);
	*(void **)hp_test_opaque(block) = global;
}

static void a_realloc_of_a_free_block_is_caught(size_t bytes)
{
	void *block;

	if (!in_a_process_that_dies_with("realloc of 0x"))
		return;
	block = hp_test_opaque(hp_malloc(64));
	hp_malloc(64);
	hp_free(block);
	g_assert_null(hp_realloc(hp_test_opaque(block), bytes));
}

static void a_realloc_of_a_free_block_in_place_is_caught(void)
{
	a_realloc_of_a_free_block_is_caught(60);
}

static void a_realloc_of_a_free_block_that_moves_is_caught(void)
{
	a_realloc_of_a_free_block_is_caught(1000);
}

static void *blocks[3];

static void in_a_thread(void *(*body)(void *))
{
	pthread_t thread;

	g_assert_cmpint(pthread_create(&thread, NULL, body, NULL), ==, 0);
	pthread_join(thread, NULL);
}

static void *free_the_last_twice(void *unused)
{
	hp_free(hp_malloc(1));
	hp_free(blocks[0]);
	hp_free(blocks[1]);
	hp_free(hp_test_opaque(blocks[1]));
	return unused;
}

static void an_immediate_double_free_in_another_thread_is_caught(void)
{
	if (!in_a_process_that_dies_with("double free"))
		return;
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		blocks[i] = hp_malloc(64);
	in_a_thread(free_the_last_twice);
}

static void *free_all(void *unused)
{
	hp_free(hp_malloc(1));
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		hp_free(blocks[i]);
	return unused;
}

/* What another thread freed is on its way to us, and described in its own words. */
static void a_write_to_a_block_on_its_way_is_caught(size_t block, size_t word)
{
	if (!in_a_process_that_dies_with("was written to after it was freed"))
		return;
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		blocks[i] = hp_malloc(64);
	in_a_thread(free_all);
	((void **)hp_test_opaque(blocks[block]))[word] = global;
	hp_trim(0);
}

static void a_write_over_the_next_block_is_caught(void)
{
	a_write_to_a_block_on_its_way_is_caught(0, 0);
}

static void a_write_over_the_count_is_caught(void)
{
	a_write_to_a_block_on_its_way_is_caught(0, 1);
}

static void a_write_over_the_last_block_is_caught(void)
{
	a_write_to_a_block_on_its_way_is_caught(1, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/misuse/an-immediate-double-free-is-caught",
			an_immediate_double_free_is_caught);
	g_test_add_func("/misuse/an-immediate-double-free-of-the-only-block-is-caught",
			an_immediate_double_free_of_the_only_block_is_caught);
	g_test_add_func("/misuse/a-double-free-of-a-large-block-is-caught",
			a_double_free_of_a_large_block_is_caught);
	g_test_add_func("/misuse/freeing-the-stack-is-caught", freeing_the_stack_is_caught);
	g_test_add_func("/misuse/freeing-a-global-before-the-first-block-is-caught",
			freeing_a_global_before_the_first_block_is_caught);
	g_test_add_func("/misuse/freeing-inside-a-large-block-is-caught",
			freeing_inside_a_large_block_is_caught);
	g_test_add_func("/misuse/a-realloc-of-the-stack-is-caught",
			a_realloc_of_the_stack_is_caught);
	g_test_add_func("/misuse/a-second-free-in-an-empty-slab-is-caught",
			a_second_free_in_an_empty_slab_is_caught);
	g_test_add_func("/misuse/an-immediate-double-free-in-another-thread-is-caught",
			an_immediate_double_free_in_another_thread_is_caught);
	g_test_add_func("/misuse/a-write-over-the-next-block-is-caught",
			a_write_over_the_next_block_is_caught);
	g_test_add_func("/misuse/a-write-over-the-count-is-caught",
			a_write_over_the_count_is_caught);
	g_test_add_func("/misuse/a-write-over-the-last-block-is-caught",
			a_write_over_the_last_block_is_caught);
	g_test_add_func("/misuse/a-double-free-with-another-between-is-caught-at-exit",
			a_double_free_with_another_between_is_caught_at_exit);
	g_test_add_func("/misuse/freeing-inside-a-small-block-is-caught-at-exit",
			freeing_inside_a_small_block_is_caught_at_exit);
	g_test_add_func("/misuse/a-write-to-a-free-block-is-caught-at-exit",
			a_write_to_a_free_block_is_caught_at_exit);
	g_test_add_func("/misuse/a-realloc-of-a-free-block-in-place-is-caught",
			a_realloc_of_a_free_block_in_place_is_caught);
	g_test_add_func("/misuse/a-realloc-of-a-free-block-that-moves-is-caught",
			a_realloc_of_a_free_block_that_moves_is_caught);
	return g_test_run();
}

/* See forked.h. */
#include "forked.h"

#include <unistd.h>

#include "hugepool.h"

enum { CHILD_SECONDS = 30, CHILDREN_MAX = 16 };

void *hp_test_blocks[HP_TEST_BLOCKS_MAX];
static size_t block_count;
static int pipes[2][2];

void hp_test_blocks_take(size_t count)
{
	g_assert_cmpuint(count, <=, HP_TEST_BLOCKS_MAX);
	block_count = count;
	for (size_t i = 0; i < count; i++) {
		hp_test_blocks[i] = hp_malloc(HP_MIB);
		g_assert_nonnull(hp_test_blocks[i]);
	}
	hp_test_blocks_write(0);
}

void hp_test_blocks_write(uint64_t seed)
{
	for (size_t i = 0; i < block_count; i++)
		hp_test_fill(hp_test_blocks[i], HP_MIB, seed + i);
}

void hp_test_blocks_check(uint64_t seed)
{
	for (size_t i = 0; i < block_count; i++)
		g_assert_true(hp_test_is_filled(hp_test_blocks[i], HP_MIB, seed + i));
}

void hp_test_use_the_heap(void)
{
	for (size_t bytes = 16; bytes <= 8 * HP_MIB; bytes *= 2) {
		void *block = hp_malloc(bytes);

		g_assert_nonnull(block);
		hp_test_fill(block, bytes, bytes);
		g_assert_true(hp_test_is_filled(block, bytes, bytes));
		hp_free(block);
	}
}

void hp_test_drain_the_pool(void)
{
	if (hp_test_pool_free_pages() > 0)
		g_assert_cmpint(hp_test_pool_drain(0), >, 0);
}

pid_t hp_test_fork_by(pid_t (*function)(void))
{
	pid_t child;

	g_assert_cmpint(pipe(pipes[HP_TEST_TO_CHILD]) | pipe(pipes[HP_TEST_TO_PARENT]), ==, 0);
	child = function();
	g_assert_cmpint(child, >=, 0);
	if (child == 0)
		alarm(CHILD_SECONDS);
	return child;
}

pid_t hp_test_fork(void)
{
	return hp_test_fork_by(fork);
}

void hp_test_say(enum hp_test_way way)
{
	g_assert_cmpint(write(pipes[way][1], "", 1), ==, 1);
}

void hp_test_wait(enum hp_test_way way)
{
	char byte;

	g_assert_cmpint(read(pipes[way][0], &byte, 1), ==, 1);
}

void hp_test_child_writes_first(pid_t (*function)(void), bool (*is_well)(void))
{
	pid_t child = hp_test_fork_by(function);

	if (child == 0) {
		hp_test_blocks_write(1000);
		hp_test_say(HP_TEST_TO_PARENT);
		hp_test_wait(HP_TEST_TO_CHILD);
		hp_test_blocks_check(1000);
		hp_test_use_the_heap();
		_exit(!is_well || is_well() ? 0 : 1);
	}
	hp_test_wait(HP_TEST_TO_PARENT);
	hp_test_blocks_check(0);
	hp_test_blocks_write(2000);
	hp_test_say(HP_TEST_TO_CHILD);
	hp_test_child_did_well(child);
	hp_test_blocks_check(2000);
}

void hp_test_parent_writes_first(pid_t (*function)(void))
{
	pid_t child = hp_test_fork_by(function);

	if (child == 0) {
		hp_test_wait(HP_TEST_TO_CHILD);
		hp_test_blocks_check(0);
		hp_test_blocks_write(1000);
		hp_test_use_the_heap();
		hp_test_blocks_check(1000);
		_exit(0);
	}
	hp_test_blocks_write(2000);
	hp_test_use_the_heap();
	hp_test_say(HP_TEST_TO_CHILD);
	hp_test_child_did_well(child);
	hp_test_blocks_check(2000);
}

void hp_test_all_write_at_once(pid_t (*function)(void), size_t count)
{
	pid_t children[CHILDREN_MAX];

	g_assert_cmpuint(count, <=, CHILDREN_MAX);
	for (size_t i = 0; i < count; i++) {
		children[i] = hp_test_fork_by(function);
		if (children[i] == 0) {
			hp_test_blocks_check(i * 100);
			hp_test_blocks_write(5000 + i);
			hp_test_use_the_heap();
			hp_test_blocks_check(5000 + i);
			_exit(0);
		}
		hp_test_blocks_write((i + 1) * 100);
	}
	for (size_t i = 0; i < count; i++)
		hp_test_child_did_well(children[i]);
	hp_test_blocks_check(count * 100);
}

/*
 * Fork while another thread is between the two halves of a free: it has counted the block, and not
 * put it on the list. In the child that block is lost, and the slab must go back all the same when
 * the others of it are freed, by whoever it is.
 */
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "arena/arena.h"
#include "span/slab.h"
#include "support.h"

enum { BLOCK_BYTES = 64, BLOCKS = 10000, CHILD_SECONDS = 20 };

static void *blocks[BLOCKS];
static struct hp_span *midway; /* the slab */
static sem_t is_parked;

static void park_forever(void)
{
	sem_post(&is_parked);
	for (;;)
		pause();
}

static void free_at(size_t i)
{
	hp_free(blocks[i]);
	blocks[i] = NULL;
}

/* The first slab is full: frees until the next is the one that lists it again. */
static void *stop_in_a_full_slab(void *unused)
{
	(void)unused;
	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = hp_malloc(BLOCK_BYTES);
	midway = hp_span_find(blocks[0]);
	g_assert_cmpint(midway->state, ==, HP_SLAB_FULL);
	for (size_t i = 1; midway->countdown > 1; i++)
		free_at(i);
	g_assert_true(hp_span_find(blocks[0]) == midway && hp_slab_count_down(midway));
	blocks[0] = NULL;
	park_forever();
	return NULL;
}

/* The only block of a slab. */
static void *stop_in_a_listed_slab(void *unused)
{
	void *block = hp_malloc(BLOCK_BYTES);

	(void)unused;
	midway = hp_span_find(block);
	g_assert_cmpint(midway->state, ==, HP_SLAB_LISTED);
	g_assert_true(hp_slab_count_down(midway));
	park_forever();
	return NULL;
}

static void *free_all(void *unused)
{
	(void)unused;
	hp_free(hp_malloc(1));
	for (size_t i = 0; i < BLOCKS; i++)
		free_at(i);
	return NULL;
}

/* A thread that is new would adopt the arena of the one that is gone. */
static void be_a_child(void)
{
	pthread_t thread;

	alarm(CHILD_SECONDS);
	if (HP_TEST_CHILD_HAS_THREADS) {
		g_assert_cmpint(pthread_create(&thread, NULL, free_all, NULL), ==, 0);
		pthread_join(thread, NULL);
	} else {
		free_all(NULL);
	}
	hp_trim(0);
	g_assert_cmpint(midway->kind, ==, HP_SPAN_NONE);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
	_exit(0);
}

static void fork_midway(void *(*stop)(void *unused))
{
	pthread_t thread;
	pid_t child;

	if (hp_test_skips_threaded_forks() || !hp_test_fresh(""))
		return;
	sem_init(&is_parked, 0, 0);
	g_assert_cmpint(pthread_create(&thread, NULL, stop, NULL), ==, 0);
	sem_wait(&is_parked);
	child = fork();
	g_assert_cmpint(child, >=, 0);
	if (child == 0)
		be_a_child();
	hp_test_child_did_well(child);
}

static void the_child_empties_a_full_slab(void)
{
	fork_midway(stop_in_a_full_slab);
}

static void the_child_gives_an_empty_slab_back(void)
{
	fork_midway(stop_in_a_listed_slab);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fork-midway/the-child-empties-a-full-slab",
			the_child_empties_a_full_slab);
	g_test_add_func("/fork-midway/the-child-gives-an-empty-slab-back",
			the_child_gives_an_empty_slab_back);
	return g_test_run();
}

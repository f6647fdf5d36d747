/*
 * Fork handlers of the program that allocate, free, and write to blocks: registered before the
 * allocator's own (from preinit_array: in prepare they run after its own, in the child before) and
 * after them; with threads that allocate meanwhile. What they wrote is in the parent and in the
 * child. The child forks again and starts threads.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "check.h"

enum { FORKS = 100, BUSY_THREADS = 2, BLOCKS = 500 };
/* 8 MB of small blocks: more than what an allocator keeps apart for small programs. */
enum { COUNTERS = 2000, COUNTER_BYTES = 4000 };

static atomic_bool done;
static int prepared;
static int *counters[COUNTERS];

static void allocate_and_free(void)
{
	char *blocks[20];

	for (size_t i = 0; i < 20; i++) {
		blocks[i] = malloc((i + 1) << (i % 15));
		CHECK(hp_test_owns(blocks[i]));
		blocks[i][0] = 1;
	}
	for (size_t i = 0; i < 20; i++)
		free(blocks[i]);
}

static void prepare(void)
{
	prepared++;
	for (int i = 0; i < COUNTERS && counters[i]; i++)
		++*counters[i];
	allocate_and_free();
}

static void check_counters(void)
{
	for (int i = 0; i < COUNTERS && counters[i]; i++)
		CHECK(*counters[i] == prepared);
}

static void parent_or_child(void)
{
	check_counters();
	allocate_and_free();
}

static void register_early(void)
{
	pthread_atfork(prepare, parent_or_child, parent_or_child);
}
__attribute__((section(".preinit_array"), used)) static void (*early)(void) = register_early;

static void *stay_busy(void *unused)
{
	char *blocks[BLOCKS] = { 0 };

	for (size_t i = 0; !done; i = (i + 7) % BLOCKS) {
		free(blocks[i]);
		blocks[i] = malloc(i * i % 40000 + 1);
		blocks[i][0] = 1;
	}
	for (size_t i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	return unused;
}

static void *allocate_in_thread(void *unused)
{
	allocate_and_free();
	return unused;
}

static void be_child(const char *text)
{
	pthread_t thread;
	int status = 0;
	pid_t grandchild;

	CHECK(!strcmp(text, "a block of the parent"));
	check_counters();
	CHECK(!pthread_create(&thread, NULL, allocate_in_thread, NULL));
	CHECK(!pthread_join(thread, NULL));
	grandchild = fork();
	if (!grandchild) {
		allocate_and_free();
		_exit(0);
	}
	CHECK(waitpid(grandchild, &status, 0) == grandchild && !status);
	_exit(0);
}

int main(void)
{
	pthread_t threads[BUSY_THREADS];
	char *text = strdup("a block of the parent");

	pthread_atfork(prepare, parent_or_child, parent_or_child);
	for (int i = 0; i < COUNTERS; i++)
		counters[i] = calloc(1, COUNTER_BYTES);
	for (int i = 0; i < BUSY_THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, stay_busy, NULL));
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();
		int status = 0;

		if (!child)
			be_child(text);
		CHECK(waitpid(child, &status, 0) == child && !status);
	}
	CHECK(prepared == 2 * FORKS);
	check_counters();
	done = true;
	for (int i = 0; i < BUSY_THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	free(text);
	return 0;
}

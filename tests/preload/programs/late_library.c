/*
 * libhpalloc comes by dlopen(), when the program has registered its fork handlers: in prepare they
 * run after the library's, when it may have copied what stands on huge pages for the child; in the
 * child before, when it has not been given the copy. What they write there is in the child all the
 * same, and nothing of it in the parent. Argument: the library.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "check.h"

enum { FORKS = 20 };
/* 8 MB of small blocks: more than what an allocator keeps apart for small programs. */
enum { COUNTERS = 2000, COUNTER_BYTES = 4000 };

static int prepared, seen_by_children;
static int *counters[COUNTERS];

static void count_up(void)
{
	for (int i = 0; i < COUNTERS && counters[i]; i++)
		++*counters[i];
}

static void check_counters(int expected)
{
	for (int i = 0; i < COUNTERS && counters[i]; i++)
		CHECK(*counters[i] == expected);
}

static void prepare(void)
{
	prepared++;
	count_up();
}

static void be_parent(void)
{
	check_counters(prepared);
}

static void be_child(void)
{
	seen_by_children++;
	check_counters(prepared);
	count_up();
}

static void be_forked(void)
{
	int status = 0;
	pid_t grandchild;

	check_counters(prepared + seen_by_children);
	/* By now nothing of this heap is shared; the next fork finds all as it should be. */
	prepared += seen_by_children;
	grandchild = fork();
	if (!grandchild) {
		check_counters(prepared + 1);
		_exit(0);
	}
	CHECK(waitpid(grandchild, &status, 0) == grandchild && !status);
	check_counters(prepared);
	_exit(0);
}

int main(int count, char **arguments)
{
	void *(*zeroed)(size_t, size_t);
	void *library;

	CHECK(count == 2);
	CHECK(!pthread_atfork(prepare, be_parent, be_child));
	CHECK(!setenv("HPALLOC_FORK", "snapshot", 1));
	library = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
	CHECK(library);
	*(void **)&zeroed = dlsym(library, "hp_calloc");
	CHECK(zeroed);
	for (int i = 0; i < COUNTERS; i++) {
		counters[i] = zeroed(1, COUNTER_BYTES);
		CHECK(hp_test_owns(counters[i]));
	}
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();
		int status = 0;

		if (!child)
			be_forked();
		CHECK(waitpid(child, &status, 0) == child && !status);
	}
	CHECK(prepared == FORKS);
	check_counters(FORKS);
	return 0;
}

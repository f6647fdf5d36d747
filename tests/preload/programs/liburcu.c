/*
 * A program with a liburcu of its own (the distribution's, bp flavour) that forks by liburcu's
 * rules: its handlers and the heap's run in the same fork, on two copies of the library.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <urcu/urcu-bp.h>

#include "check.h"

enum { THREADS = 3, FORKS = 50, CHILD_SECONDS = 30 };

static atomic_bool is_over;
static char *shared;

static void *read_and_allocate(void *argument)
{
	while (!atomic_load(&is_over)) {
		char *block = malloc(100 + (size_t)argument * 1000);

		urcu_bp_read_lock();
		memcpy(block, rcu_dereference(shared), 8);
		urcu_bp_read_unlock();
		CHECK(!memcmp(block, "content", 8));
		free(block);
	}
	return NULL;
}

static void replace(void)
{
	char *fresh = strdup("content"), *old = rcu_xchg_pointer(&shared, fresh);

	urcu_bp_synchronize_rcu();
	free(old);
}

static void be_a_child(void)
{
	pthread_t thread;

	alarm(CHILD_SECONDS);
	atomic_store(&is_over, true);
	CHECK(!pthread_create(&thread, NULL, read_and_allocate, NULL));
	replace();
	CHECK(!pthread_join(thread, NULL));
	_exit(0);
}

int main(void)
{
	pthread_t threads[THREADS];
	int status;

	pthread_atfork(urcu_bp_before_fork, urcu_bp_after_fork_parent, urcu_bp_after_fork_child);
	shared = strdup("content");
	CHECK(hp_test_owns(shared));
	for (size_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, read_and_allocate, (void *)i));
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();

		CHECK(child >= 0);
		if (!child)
			be_a_child();
		replace();
		CHECK(waitpid(child, &status, 0) == child && !status);
	}
	atomic_store(&is_over, true);
	for (size_t i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	free(shared);
	return 0;
}

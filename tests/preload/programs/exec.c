/*
 * Children by fork and exec, vfork and exec, posix_spawn, popen and system get a heap of their own,
 * from a parent with blocks and a busy thread; with LD_BIND_NOW=1, which makes the loader resolve
 * every name before any constructor, and without.
 */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "check.h"

enum { CHILD_STATUS = 42, BUSY_BLOCKS = 1000 };

extern char **environ;

static atomic_bool done;

static void *stay_busy(void *unused)
{
	void *blocks[BUSY_BLOCKS] = { 0 };

	for (size_t i = 0; !done; i = (i + 7) % BUSY_BLOCKS) {
		free(blocks[i]);
		blocks[i] = malloc(i * 10);
	}
	for (size_t i = 0; i < BUSY_BLOCKS; i++)
		free(blocks[i]);
	return unused;
}

/* What the program does when it is the child. */
static int be_child(void)
{
	void *block = malloc(5 << 20);

	CHECK(hp_test_owns(block));
	free(block);
	return CHILD_STATUS;
}

static void check_child(pid_t pid)
{
	int status;

	CHECK(pid > 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_STATUS);
}

static void check_all_ways(char *self)
{
	char *arguments[] = { self, "child", NULL };
	char command[4200];
	pid_t pid = fork();

	if (!pid) {
		free(hp_test_keep(malloc(100000)));
		execv(self, arguments);
		_exit(1);
	}
	check_child(pid);
	pid = vfork();
	if (!pid) {
		execv(self, arguments);
		_exit(1);
	}
	check_child(pid);
	CHECK(!posix_spawn(&pid, self, NULL, NULL, arguments, environ));
	check_child(pid);
	CHECK(snprintf(command, sizeof(command), "'%s' child", self) < (int)sizeof(command));
	CHECK(WEXITSTATUS(system(command)) == CHILD_STATUS);
	CHECK(WEXITSTATUS(pclose(popen(command, "r"))) == CHILD_STATUS);
}

int main(int count, char **arguments)
{
	char self[4096] = { 0 };
	pthread_t thread;

	if (count > 1)
		return be_child();
	CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	CHECK(!pthread_create(&thread, NULL, stay_busy, NULL));
	for (int round = 0; round < 10; round++) {
		CHECK(!(round % 2 ? setenv("LD_BIND_NOW", "1", 1) : unsetenv("LD_BIND_NOW")));
		check_all_ways(self);
	}
	done = true;
	CHECK(!pthread_join(thread, NULL));
	/* At last the program replaces itself, with all it holds. */
	CHECK(hp_test_keep(malloc(50 << 20)));
	if (!getenv("HP_TEST_AGAIN")) {
		setenv("HP_TEST_AGAIN", "1", 1);
		execv(self, arguments);
	}
	return 0;
}

/*
 * A second library in LD_PRELOAD, in front of the allocator, whose malloc allocates (hooks.c): from
 * threads that come and go, in keys' destructors, and over forks. Starts itself again with both.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "check.h"

enum { BLOCKS = 200, THREADS = 8, FORKS = 20 };

static pthread_key_t key;

static void use(void)
{
	char *blocks[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = i % 3 ? malloc(i * i + 1) : calloc(i + 1, 10);
		CHECK(hp_test_owns(blocks[i]));
		blocks[i][0] = (char)i;
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = realloc(blocks[i], 2 * i * i + 1);
		CHECK(blocks[i][0] == (char)i);
		free(blocks[i]);
	}
}

static void end_key(void *unused)
{
	(void)unused;
	use();
}

static void *use_in_thread(void *unused)
{
	pthread_setspecific(key, &key);
	use();
	return unused;
}

static void use_in_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, use_in_thread, NULL));
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
}

static void start_again(char **argv)
{
	const char *preload = getenv("LD_PRELOAD");
	char both[4096];

	CHECK(preload);
	CHECK(snprintf(both, sizeof(both), "%s:%s", argv[1], preload) < (int)sizeof(both));
	CHECK(!setenv("LD_PRELOAD", both, 1));
	execl("/proc/self/exe", argv[0], argv[1], "again", NULL);
	CHECK(!"started again");
}

int main(int argc, char **argv)
{
	unsigned (*calls)(void);

	CHECK(argc >= 2);
	if (argc == 2)
		start_again(argv);
	*(void **)&calls = dlsym(RTLD_DEFAULT, "hooks_calls");
	CHECK(calls);
	CHECK(!pthread_key_create(&key, end_key));
	use_in_threads();
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();
		int status;

		use();
		if (!child) {
			use_in_threads();
			_exit(0);
		}
		CHECK(waitpid(child, &status, 0) == child && !status);
	}
	use_in_threads();
	CHECK(calls() > 2 * THREADS * BLOCKS);
	return 0;
}

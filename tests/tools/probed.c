/*
 * A program that passes each probe of the library, with sizes that probes.py looks for. Its heap is
 * told by HPALLOC_BACKING=auto and HPALLOC_FORK=snapshot to stand on pages of the pool and to be
 * copied for a fork.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *kept(void *block)
{
	__asm__ volatile("" : "+r"(block) : : "memory");
	return block;
}

static void malloc_and_free(void)
{
	char *block = kept(malloc(12345));

	block = kept(realloc(block, 23456));
	free(kept(block));
	free(kept(calloc(3, 1111)));
}

/* More than the pool has: some of it falls back. Its purge is seen. */
static void fill_and_trim(void)
{
	const size_t bytes = 24 << 20;
	char *block = kept(malloc(bytes));

	memset(block, 1, bytes);
	free(kept(block));
	malloc_trim(0);
}

int main(void)
{
	char *block = kept(malloc(6 << 20));
	int status = 1;
	pid_t pid;

	memset(block, 1, 6 << 20);
	malloc_and_free();
	pid = fork();
	if (pid == 0)
		_exit(block[0] != 1);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return 1;
	fill_and_trim();
	return 0;
}

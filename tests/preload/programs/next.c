/*
 * A program with so little address space that not even one region of the heap can be had: the next
 * malloc serves it, and it runs. Tries limits from below until the loader itself fits.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "check.h"

enum { FIRST_KIB = 2048, STEP_KIB = 16, LAST_KIB = 64 << 10 };
enum { IS_OURS = 10, IS_NEXT = 11 };

/* All kinds of requests, each released by its own name. */
static int use_malloc(void)
{
	char *block = malloc(1000), *zeroed = calloc(10, 100), *aligned = NULL;
	int is_ours = hp_test_owns(block);

	CHECK(block && zeroed && !zeroed[999]);
	CHECK(!posix_memalign((void **)&aligned, 256, 100) && (uintptr_t)aligned % 256 == 0);
	memset(block, 1, malloc_usable_size(block));
	block = realloc(block, 5000);
	CHECK(block && block[999] == 1);
	free(block);
	free(zeroed);
	free(aligned);
	return is_ours ? IS_OURS : IS_NEXT;
}

static int run_with(const char *self, size_t limit_kib)
{
	struct rlimit limit = { limit_kib << 10, limit_kib << 10 };
	pid_t child = fork();
	int status;

	CHECK(child >= 0);
	if (!child) {
		CHECK(!setrlimit(RLIMIT_AS, &limit));
		dup2(STDOUT_FILENO, STDERR_FILENO); /* what the loader says is no failure */
		execl(self, self, "use", NULL);
		_exit(1);
	}
	CHECK(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
	int seen_next = 0, status = 0;

	if (argc > 1)
		return use_malloc();
	if (getenv("HPALLOC_HARDEN")) { /* its tables need more than the steps between the limits */
		puts("SKIP: not with hardening");
		return 77;
	}
	for (size_t kib = FIRST_KIB; status != IS_OURS && kib < LAST_KIB; kib += STEP_KIB) {
		status = run_with(argv[0], kib);
		seen_next += status == IS_NEXT;
		CHECK(!seen_next || status == IS_NEXT || status == IS_OURS);
	}
	CHECK(seen_next > 0 && status == IS_OURS);
	return 0;
}

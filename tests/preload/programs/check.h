/*
 * What the self-checking programs of this folder share, C and C++. They stand on no framework:
 * each must be the smallest program that shows its case under LD_PRELOAD, and some run before
 * any library is ready. A failed CHECK prints where and exits with 1.
 */
#ifndef HP_TEST_CHECK_H
#define HP_TEST_CHECK_H

#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

/* The status that Meson counts as skipped. */
enum { HP_TEST_SKIPPED = 77 };

#define CHECK(condition) hp_test_check(!!(condition), #condition, __FILE__, __LINE__)

/* dprintf and _exit: the check may run where stdio or exit() cannot yet or no longer be used. */
static inline void hp_test_check(int holds, const char *condition, const char *file, int line)
{
	if (holds)
		return;
	dprintf(STDERR_FILENO, "%s:%d: it does not hold that %s\n", file, line, condition);
	_exit(1);
}

/* A volatile pointer: the compiler must not drop an allocation that is only freed. */
static void *volatile hp_test_sink;

static inline void *hp_test_keep(void *block)
{
	hp_test_sink = block;
	return hp_test_sink;
}

/* hp_owns() of the preload library; without that library every test of this folder fails. */
static inline int hp_test_owns(const void *block)
{
	int (*owns)(const void *);

	*(void **)&owns = dlsym(RTLD_DEFAULT, "hp_owns");
	CHECK(owns);
	return owns(block);
}

#endif

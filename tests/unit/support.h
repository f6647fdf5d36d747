/*
 * What the tests share: fresh processes for what depends on the environment or on an unused heap,
 * measures of this process, and fillings that tell one block from another.
 *
 * Nothing here allocates by hp_* unless it is asked to; GLib and this file use the libc's malloc.
 */
#ifndef HP_TEST_SUPPORT_H
#define HP_TEST_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>
#include <hpalloc/arena.h>
#include <hpalloc/hpalloc.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HP_TEST_ASAN 1
#elif __has_feature(thread_sanitizer)
#define HP_TEST_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HP_TEST_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define HP_TEST_TSAN 1
#endif
#ifndef HP_TEST_ASAN
#define HP_TEST_ASAN 0
#endif
#ifndef HP_TEST_TSAN
#define HP_TEST_TSAN 0
#endif

/* A sanitizer's own allocator is not made for fork with threads: a child may find it locked. */
#define HP_TEST_CHILD_HAS_THREADS (!HP_TEST_ASAN && !HP_TEST_TSAN)

#define HP_KIB ((size_t)1 << 10)
#define HP_MIB ((size_t)1 << 20)
#define HP_GIB ((size_t)1 << 30)
#define HP_TEST_HUGEPAGE (2 * HP_MIB)
#define HP_TEST_PAGE ((size_t)4096)

#define HP_TEST_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * In the test's own process: sets the environment ("NAME=value ..."), runs this same test in a new
 * process, demands that it passes and returns false. In the new process: returns true. Without
 * another HPALLOC_BACKING the new process takes nothing from the hugetlb pool.
 */
bool hp_test_fresh(const char *environment);

/* Skips, and returns true, where forks of threaded programs do not work: ThreadSanitizer. */
bool hp_test_skips_threaded_forks(void);

/* fork() that succeeds. A child that hangs ends after so long, and the parent sees the signal. */
pid_t hp_test_fork_for(unsigned seconds);

/* Waits for a child of fork() and asserts that it ended with status 0. */
void hp_test_child_did_well(pid_t child);

/* Runs the function in a child; the signal by which it ended, or 0. */
int hp_test_ended_by(void (*function)(void));

/* As hp_test_fresh(), but demands nothing: for g_test_trap_assert_*(). */
bool hp_test_trapped(const char *environment);

/* Skips this test and says so on standard error too. */
void hp_test_skip(const char *reason);

/* Skips, and returns true, where a sanitizer's own memory or speed makes measures meaningless. */
bool hp_test_skips_measures(void);

/* An arena that could be had; its statistics, whose parts are their sum. */
struct hp_arena *hp_test_arena_create(const struct hp_arena_options *options);
struct hp_arena_stats hp_test_arena_stats(struct hp_arena *arena);

/* Whether the setup is a hardened one: blocks are larger then, and freed ones wait. */
bool hp_test_is_hardened(void);

/* Whether the long variants are wanted: HP_TEST_FULL=1. */
bool hp_test_is_full(void);

/* What the process holds: Rss, and the hugetlb pages, which no RSS figure includes. */
uint64_t hp_test_resident_bytes(void);

/* A field of a file such as /proc/self/status that is given in kB; 0 if missing. */
uint64_t hp_test_proc_bytes(const char *path, const char *field);

struct hp_stats hp_test_stats(void);

double hp_test_seconds(void);
void hp_test_sleep_ms(unsigned ms);

/* Hides from the compiler where the pointer or the number comes from. */
void *hp_test_opaque(void *pointer);
size_t hp_test_opaque_bytes(size_t bytes);

/* Fills all bytes by `seed`, or looks whether they (or the first ones of them) still are. */
void hp_test_fill(void *block, size_t bytes, uint64_t seed);
bool hp_test_is_filled(const void *block, size_t bytes, uint64_t seed);
bool hp_test_is_zero(const void *block, size_t bytes);

/* Writes to each base page. */
void hp_test_touch(void *block, size_t bytes);

/* Where random tests start: HP_TEST_SEED, else any number, which is said and handed on. */
uint64_t hp_test_seed(void);

/* A small generator of numbers; each thread has a state of its own, which is not 0. */
uint64_t hp_test_random(uint64_t *state);

/* Asserts that the call leaves errno alone. */
#define HP_TEST_KEEPS_ERRNO(call)                                                                  \
	do {                                                                                       \
		errno = 4711;                                                                      \
		call;                                                                              \
		g_assert_cmpint(errno, ==, 4711);                                                  \
	} while (0)

/* Asserts that the expression is NULL with ENOMEM. */
#define HP_TEST_TOO_MUCH(call)                                                                     \
	do {                                                                                       \
		errno = 0;                                                                         \
		g_assert_null(call);                                                               \
		g_assert_cmpint(errno, ==, ENOMEM);                                                \
	} while (0)

#endif

/*
 * The frame of a workload: a program that prints `name value unit` for each of its cases and checks
 * its own results. Smaller is better, whatever the unit.
 *
 *     workload [--quick] [--list] [CASE...]
 *
 * Allocates by the standard names only, so that each allocator can be put under it by LD_PRELOAD.
 * What the frame itself needs is on the stack or static: the allocator sees the workload alone.
 */
#ifndef HP_BENCH_WORKLOAD_H
#define HP_BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define BENCH_KIB ((size_t)1 << 10)
#define BENCH_MIB ((size_t)1 << 20)

enum { BENCH_THREADS_MAX = 64 };

struct bench_case {
	const char *name;
	void (*run)(const struct bench_case *self);
	size_t parameter, second; /* what the case makes of them: sizes, threads */
};

/* Each workload defines it; the last has no name. */
extern const struct bench_case bench_cases[];

/* How often to do something: `count`, or a tenth of it with --quick, at least 1. */
size_t bench_count(size_t count);

/* Seconds of a clock that only goes forward. */
double bench_now(void);

/* Prints one result. `suffix` may be "" or e.g. "held"; the name printed is CASE or CASE.SUFFIX. */
void bench_report(const struct bench_case *self, const char *suffix, double value,
		  const char *unit);

/* Prints seconds / operations in nanoseconds: the usual result. */
void bench_report_ns(const struct bench_case *self, double seconds, double operations);

/* Ends the program with a message if what was computed is wrong. */
void bench_check(bool is_right, const char *what);

/* As malloc; never NULL. */
void *bench_malloc(size_t bytes);

/* Writes to each page, so that it is really there. */
void bench_touch(void *block, size_t bytes);

/*
 * Zeroed memory of the workload's own, not from the allocator, all there from the start; on huge
 * pages where that is allowed, so that the workload's tables cost as little as they can.
 */
void *bench_map(size_t bytes);

/* Resident memory of this process now, hugetlb pages included, in bytes. */
size_t bench_resident_bytes(void);

/*
 * Runs body(number) in `count` threads at once and returns the seconds from the moment when all
 * have started until the last one is through. One thread is the caller's own: a program that never
 * starts another is what most are, and some allocators are faster in it.
 */
double bench_run_threads(size_t count, void *(*body)(void *number));

/*
 * Marks a block at both ends with where it is and how long, so that bench_delete() can tell if it
 * was overwritten or is another one: what the workloads use blocks for. 8 bytes to 4 GiB - 1.
 */
static inline void *bench_mark(void *memory, size_t bytes)
{
	unsigned char *block = memory;
	uint32_t mark = (uint32_t)((uintptr_t)block ^ bytes);

	if (!block)
		bench_check(false, "no memory");
	*(uint32_t *)(void *)block = mark;
	block[bytes - 1] = (unsigned char)(mark >> 4);
	return block;
}

static inline void *bench_new(size_t bytes)
{
	return bench_mark(malloc(bytes), bytes);
}

/* Checks the marks, frees the block and returns its bytes; nothing for NULL. */
static inline size_t bench_delete(void *block)
{
	uint32_t mark, bytes;

	if (!block)
		return 0;
	mark = *(uint32_t *)block;
	bytes = mark ^ (uint32_t)(uintptr_t)block;
	if (bytes < 8 || ((unsigned char *)block)[bytes - 1] != (unsigned char)(mark >> 4))
		bench_check(false, "a block lost its marks");
	*(uint32_t *)block = (uint32_t)(uintptr_t)block; /* a second delete finds 0 bytes */
	free(block);
	return bytes;
}

/* A stream of random numbers, the same each time for the same seed (xorshift64*). */
static inline uint64_t bench_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1d;
}

/* 0 to limit - 1; limit is at most 2^32. */
static inline size_t bench_random_below(uint64_t *state, size_t limit)
{
	return (size_t)((bench_random(state) >> 32) * limit >> 32);
}

#endif

/*
 * The memory benchmark: one run of it measures one pattern at one size on one backing, and prints
 * `name value unit` as the workloads do, whose frame (../workloads/workload.h) it uses.
 *
 *     bench-memory --pattern chase --backing thp --bytes 1048576 [--threads N --sharing same ...]
 *
 * A reading pattern walks over a buffer that was filled before. What it has read is compared with
 * what must be there, so that neither the compiler nor a wrong walk can leave reads out.
 */
#ifndef HP_BENCH_MEMORY_H
#define HP_BENCH_MEMORY_H

#include "../workloads/workload.h"

/* What one process measures. */
struct memory_options {
	void (*measure)(const struct memory_options *self);
	const struct memory_pattern *pattern; /* of reading */
	const struct memory_backing *backing;
	const struct memory_sharing *sharing;
	size_t bytes; /* of a buffer, or of a block */
	size_t step;  /* of sequential reading, in bytes */
	size_t threads;
	size_t repeats;
	double seconds; /* of one repeat */
};

/* ---- backings: where the memory comes from, and so which pages it stands on ---- */

struct memory_backing {
	const char *name;
	size_t page_bytes; /* a block takes a multiple of it; 0: the allocator's business */
	void *(*take)(const struct memory_backing *self, size_t bytes); /* never NULL */
	void (*give)(const struct memory_backing *self, void *block, size_t bytes);
};

extern const struct memory_backing memory_backings[]; /* the last has no name */

/* The exit status where the pool has not enough pages: others use it as well. */
enum { MEMORY_NO_PAGES = 75 };

/* Shares, 0 to 1, of the mappings in which the block lies, by what the kernel says of them. */
struct memory_pages {
	double hugetlb, thp;
};

struct memory_pages memory_pages_of(const void *block, size_t bytes);

/* ---- reading ---- */

/* One thread's walk over its buffer. Each pattern says what the last three mean to it. */
struct memory_walk {
	char *buffer;
	size_t bytes, step;
	size_t start; /* with --sharing=offset, where in the buffer it begins; else 0 */
	uint64_t at;
	uint64_t checked;
	uint64_t result;
	double seconds; /* of the last read(), of the processor */
};

struct memory_pattern {
	const char *name;
	/* Writes what will be read. */
	void (*fill)(const struct memory_walk *walk);
	void (*begin)(struct memory_walk *walk);
	/* This is what is timed. `accesses` is a multiple of the granule. */
	void (*read)(struct memory_walk *walk, size_t accesses);
	/* Ends the program if the last read() did not find what it must. */
	void (*check)(struct memory_walk *walk, size_t accesses);
	/* How many accesses cannot be divided: a pass, or 1. */
	size_t (*granule)(const struct memory_walk *walk);
};

extern const struct memory_pattern memory_sequential, memory_random, memory_chase, memory_page;

struct memory_sharing {
	const char *name;
	bool is_one_buffer, is_apart; /* apart: each thread begins elsewhere */
};

extern const struct memory_sharing memory_sharings[]; /* the last has no name */

void memory_read(const struct memory_options *options);

/* ---- allocation ---- */

/* Allocates a batch of blocks, touches each page of them, frees them; the time of each part. */
void memory_allocate(const struct memory_options *options);

/* ---- fork ---- */

/* Forks with a buffer in use, and writes to each page of it; the time of each part. */
void memory_fork(const struct memory_options *options);

/* ---- figures ---- */

enum { MEMORY_REPEATS_MAX = 99 };

/*
 * The processor time of this thread. On a machine that others use as well, much of the time between
 * two moments may be theirs.
 */
double memory_cpu_now(void);

/* Prints the median, the least and the most of `count` seconds / operations as nanoseconds. */
void memory_report(const char *name, double *seconds, size_t count, double operations);
void memory_report_pages(const char *name, struct memory_pages pages);

/* How many operations take `seconds`, if `run(n)` does n of them and returns its seconds. */
size_t memory_calibrate(double (*run)(size_t operations), double seconds);

/*
 * Prints `cpuid LEAF SUBLEAF EAX EBX ECX EDX` in hexadecimal for the leaves that describe the TLB;
 * nothing on a processor without that instruction.
 */
void memory_print_cpuid(void);

#endif

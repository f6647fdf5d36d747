/*
 * The soak: everything at once, for as long as wanted, and a heap that is as it was at the end.
 * Activities (workers, forking threads, weather) run until hp_soak_is_over(); each counts what it
 * does. Blocks say themselves what they hold, and go from thread to thread over the board. Any
 * request may be refused, for failures are injected; no block may be wrong.
 */
#ifndef HP_SOAK_SOAK_H
#define HP_SOAK_SOAK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unit/support.h"

enum hp_soak_count {
	HP_SOAK_BLOCKS,
	HP_SOAK_REFUSED, /* requests that gave NULL, forks and threads that could not be had */
	HP_SOAK_THREADS,
	HP_SOAK_FORKS,
	HP_SOAK_STILLBORN, /* children for whom the system refused what the heap needs in a fork */
	HP_SOAK_PROGRAMS,  /* children that ran another program */
	HP_SOAK_MISUSES,   /* children that had to die */
	HP_SOAK_TRIMS,
	HP_SOAK_COUNTS
};

struct hp_soak {
	uint64_t seed;
	double start_seconds, end_seconds;
	bool has_pool; /* hugetlb pages, and a process that changes how many there are */
	_Atomic uint64_t counts[HP_SOAK_COUNTS];
};

extern struct hp_soak hp_soak;

static inline void hp_soak_count(enum hp_soak_count what)
{
	atomic_fetch_add_explicit(&hp_soak.counts[what], 1, memory_order_relaxed);
}

bool hp_soak_is_over(void);

/* ---- blocks.c; each thread has a state of random numbers of its own ---- */

/* A block of any kind, filled; NULL if it was refused. */
void *hp_soak_take(uint64_t *random);

/* Checks the block, then frees it. NULL is allowed. */
void hp_soak_free(void *block);
void hp_soak_check(const void *block);

/* Another size, the content kept; the block itself if that was refused. */
void *hp_soak_resize(void *block, uint64_t *random);

/* From here on, forks see the board and its blocks as of one moment. */
void hp_soak_board_init(void);

/* Puts a block (or NULL) on the board, at any place, and takes the one (or NULL) that was there. */
void *hp_soak_exchange(void *block, uint64_t *random);

/* When all activities have ended. */
void hp_soak_clear_board(void);

/* ---- workers.c ---- */

void hp_soak_workers_init(void);

/* Starts workers, one after the other. */
void *hp_soak_start_workers(void *number);

/* One worker's life, in the calling thread. */
void *hp_soak_work(void *seed);

/* ---- children.c ---- */

void hp_soak_children_init(void);

void *hp_soak_fork(void *number);

/* What another program does that a child runs: uses the heap a little. */
int hp_soak_be_brief(void);

/* ---- weather.c: failures, and the machine's pool ---- */

/* Before any thread: takes the pool and starts who changes it, or says why not. */
void hp_soak_pool_begin(void);
void hp_soak_pool_end(void);

/* Makes system calls fail, in bouts. */
void *hp_soak_weather(void *number);

/* While held, the weather does not change. */
void hp_soak_weather_hold(void);
void hp_soak_weather_let(void);

#endif

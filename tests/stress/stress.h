/*
 * The frame of a stress test: threads that run until the time is over, and a heap that is as empty
 * afterwards as it was before. HP_STRESS_SECONDS is the time; 2, or 60 for the long variant.
 */
#ifndef HP_STRESS_STRESS_H
#define HP_STRESS_STRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "unit/support.h"

enum { HP_STRESS_THREADS_MAX = 16 };

/* Starts the clock. */
void hp_stress_begin(void);

bool hp_stress_is_over(void);

/* Runs body(0), body(1) ... in threads at the same time until all have returned. */
void hp_stress_run(size_t count, void *(*body)(void *number));

/* Asserts that no block is left and the memory is back. */
void hp_stress_end(void);

/* A block that says itself what it holds; the size is at least 16. Fails the test if it is NULL. */
void *hp_stress_take(size_t bytes);

/* The same by an aligned call; the size is at least 16. */
void *hp_stress_take_aligned(size_t align, size_t bytes);

/* NULL is allowed. */
void hp_stress_check(void *block);
void hp_stress_free(void *block);

/* Checks the block and changes its size. */
void *hp_stress_resize(void *block, size_t bytes);

#endif

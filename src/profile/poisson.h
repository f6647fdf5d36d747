/*
 * Samples of a Poisson process over allocated bytes: each byte is as likely as any other to be the
 * one, so that a block of n bytes is sampled with a chance that depends on n alone, and what it
 * stands for is known. Pure; the C library's logarithm is not linked.
 */
#ifndef HP_PROFILE_POISSON_H
#define HP_PROFILE_POISSON_H

#include <stddef.h>
#include <stdint.h>

/* Bytes to the next sample, `mean` on average, at least 1. `state` is any number, kept for it. */
int64_t hp_poisson_next(uint64_t *state, size_t mean);

/* The chance that a block of so many bytes is sampled: more than 0, and 1 at most. */
double hp_poisson_chance(size_t bytes, size_t mean);

#endif

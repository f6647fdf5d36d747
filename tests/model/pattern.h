/*
 * The content of a block in the model: each byte follows from a seed and its place. Of large
 * blocks only both ends and a little of each page are written, so that a million operations take
 * seconds.
 */
#ifndef HP_MODEL_PATTERN_H
#define HP_MODEL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void hp_pattern_fill(unsigned char *block, size_t bytes, uint64_t seed);

/* Whether the first `upto` bytes are those of a pattern that was filled for `bytes`. */
bool hp_pattern_is_there(const unsigned char *block, size_t bytes, size_t upto, uint64_t seed);

/* Whether the same places are zero. */
bool hp_pattern_is_zero(const unsigned char *block, size_t bytes);

#endif

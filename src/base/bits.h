/* Arithmetic on powers of two. Pure. */
#ifndef HP_BASE_BITS_H
#define HP_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool hp_is_power_of_two(size_t value)
{
	return value && !(value & (value - 1));
}

/* Both need a power of two as `align`. */
static inline size_t hp_round_up(size_t value, size_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static inline size_t hp_round_down(size_t value, size_t align)
{
	return value & ~(align - 1);
}

/* Position of the highest bit; value > 0. */
static inline unsigned hp_log2(size_t value)
{
	return 63 ^ (unsigned)__builtin_clzll(value);
}

static inline size_t hp_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t hp_max(size_t a, size_t b)
{
	return a > b ? a : b;
}

#endif

/* See poisson.h. */
#include "profile/poisson.h"

#define LN_2 0.693147180559945309

/* splitmix64. */
static uint64_t random_bits(uint64_t *state)
{
	uint64_t bits = *state += 0x9e3779b97f4a7c15u;

	bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
	bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
	return bits ^ (bits >> 31);
}

/* -ln(bits / 2^64), by the series of the inverse hyperbolic tangent: to a millionth. */
static double minus_log(uint64_t bits)
{
	unsigned shift = (unsigned)__builtin_clzll(bits | 1);
	double mantissa = (double)(bits << shift | 1) / 18446744073709551616.0; /* 0.5 to 1 */
	double z = (1 - mantissa) / (1 + mantissa), square = z * z;

	return shift * LN_2 +
	       2 * z * (1 + square * (1.0 / 3 + square * (1.0 / 5 + square * (1.0 / 7))));
}

int64_t hp_poisson_next(uint64_t *state, size_t mean)
{
	double bytes = minus_log(random_bits(state)) * (double)mean;

	return 1 + (int64_t)(bytes < 9e18 ? bytes : 9e18);
}

/* 1 - exp(-x): small x by its series, others by doubling: 1 - exp(-2x) = p (2 - p). */
double hp_poisson_chance(size_t bytes, size_t mean)
{
	double x = (double)(bytes ? bytes : 1) / (double)mean, chance;
	unsigned doublings = 0;

	if (x > 40)
		return 1;
	for (; x > 0.01; x /= 2)
		doublings++;
	chance = x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4)));
	while (doublings--)
		chance *= 2 - chance;
	return chance;
}

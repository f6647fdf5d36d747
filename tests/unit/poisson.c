/* The samples of a profile: how far apart they are, and what one stands for. */
#include <math.h>

#include "profile/poisson.h"
#include "unit/support.h"

enum { DRAWS = 200000 };

/* The first two moments of an exponential distribution. */
static void distances_are_exponential(void)
{
	const double mean = 512 << 10;
	uint64_t state = 1;
	double sum = 0, squares = 0;

	for (size_t i = 0; i < DRAWS; i++) {
		double bytes = (double)hp_poisson_next(&state, (size_t)mean);

		g_assert_cmpfloat(bytes, >=, 1);
		sum += bytes / DRAWS;
		squares += bytes * bytes / DRAWS;
	}
	g_assert_cmpfloat_with_epsilon(sum / mean, 1, 0.02);
	g_assert_cmpfloat_with_epsilon(squares / (2 * mean * mean), 1, 0.04);
}

static void chances_are_as_by_the_c_library(void)
{
	static const size_t sizes[] = { 1, 16, 100, 5000, 524288, 3000000, 100000000 };

	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		double expected = -expm1(-(double)sizes[i] / 524288);

		g_assert_cmpfloat_with_epsilon(hp_poisson_chance(sizes[i], 524288) / expected, 1,
					       1e-6);
	}
	g_assert_cmpfloat(hp_poisson_chance(0, 524288), >, 0);
	g_assert_cmpfloat(hp_poisson_chance(SIZE_MAX / 2, 1), ==, 1);
}

/* Blocks of any size are sampled so often that weighing them gives back what there was. */
static void weighted_samples_sum_up_to_the_whole(void)
{
	static const size_t sizes[] = { 16, 1000, 100000 };

	for (size_t i = 0; i < HP_TEST_COUNT(sizes); i++) {
		double blocks = 4e10 / (double)sizes[i], estimate = 0;
		uint64_t state = i;
		double at = 0;

		/* Of the bytes in a row those that are sampled, as many of a block as may be. */
		for (double last = -1; at < blocks * (double)sizes[i];) {
			double block = floor(at / (double)sizes[i]);

			if (block > last)
				estimate += 1 / hp_poisson_chance(sizes[i], 524288);
			last = block;
			at += (double)hp_poisson_next(&state, 524288);
		}
		g_assert_cmpfloat_with_epsilon(estimate / blocks, 1, 0.03);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/poisson/distances-are-exponential", distances_are_exponential);
	g_test_add_func("/poisson/chances-are-as-by-the-c-library",
			chances_are_as_by_the_c_library);
	g_test_add_func("/poisson/weighted-samples-sum-up-to-the-whole",
			weighted_samples_sum_up_to_the_whole);
	return g_test_run();
}

/* base/bitmap.h against the plainest loops over bits, on runs of every place and length. */
#include "base/bitmap.h"

#include "support.h"

static bool has_bit(hp_bitmap bits, unsigned bit)
{
	return bits >> bit & 1;
}

static unsigned run_at(hp_bitmap bits, unsigned first)
{
	unsigned count = 0;

	while (first + count < HP_BITMAP_BITS && has_bit(bits, first + count))
		count++;
	return count;
}

static unsigned longest_run(hp_bitmap bits)
{
	unsigned longest = 0;

	for (unsigned i = 0; i < HP_BITMAP_BITS; i++)
		longest = MAX(longest, run_at(bits, i));
	return longest;
}

static void check(hp_bitmap bits)
{
	unsigned count = 0, lowest = HP_BITMAP_BITS;

	for (unsigned i = HP_BITMAP_BITS; i-- > 0;) {
		count += has_bit(bits, i);
		lowest = has_bit(bits, i) ? i : lowest;
		g_assert_cmpuint(hp_bitmap_run_at(bits, i), ==, run_at(bits, i));
	}
	g_assert_cmpuint(hp_bitmap_count(bits), ==, count);
	g_assert_cmpuint(hp_bitmap_longest(bits), ==, longest_run(bits));
	if (count)
		g_assert_cmpuint(hp_bitmap_lowest(bits), ==, lowest);
	for (unsigned want = 1; want <= HP_BITMAP_BITS; want += want < 4 ? 1 : 13) {
		hp_bitmap starts = hp_bitmap_starts(bits, want);

		for (unsigned i = 0; i < HP_BITMAP_BITS; i++)
			g_assert_cmpint(has_bit(starts, i), ==, run_at(bits, i) >= want);
	}
}

static void runs_of_every_place_and_length(void)
{
	for (unsigned first = 0; first < HP_BITMAP_BITS; first++) {
		for (unsigned count = 0; count <= HP_BITMAP_BITS - first; count++) {
			hp_bitmap run = hp_bitmap_run(first, count);

			g_assert_cmpuint(hp_bitmap_count(run), ==, count);
			if (count % 16 < 2 || first % 16 < 2) {
				check(run);
				check(~run);
			}
		}
	}
	check(HP_BITMAP_FULL);
}

static void random_bits_sparse_and_dense(void)
{
	uint64_t random = 1;

	for (int i = 0; i < 2000; i++) {
		hp_bitmap bits = (hp_bitmap)hp_test_random(&random) << 64 | hp_test_random(&random);
		hp_bitmap more = (hp_bitmap)hp_test_random(&random) << 64 | hp_test_random(&random);

		check(bits);
		check(bits & more);
		check(bits | more | more << 7);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bitmap/runs-of-every-place-and-length", runs_of_every_place_and_length);
	g_test_add_func("/bitmap/random-bits-sparse-and-dense", random_bits_sparse_and_dense);
	return g_test_run();
}

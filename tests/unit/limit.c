/* See limit.h. */
#include "limit.h"

#include <errno.h>

#include "support.h"

enum { BLOCKS = 4096 };

static void *blocks[BLOCKS];

/* Takes blocks until one is refused. */
static size_t fill_up(size_t bytes, size_t limit_bytes)
{
	size_t count = 0;

	errno = 0;
	while (count < BLOCKS && (blocks[count] = hp_malloc(bytes))) {
		hp_test_fill(blocks[count], bytes, count);
		g_assert_cmpuint(hp_test_stats().heap_bytes, <=, limit_bytes);
		count++;
	}
	g_assert_cmpuint(count, <, BLOCKS);
	g_assert_cmpint(errno, ==, ENOMEM);
	for (size_t i = 0; i < count; i++)
		g_assert_true(hp_test_is_filled(blocks[i], bytes, i));
	return count;
}

static void free_all(size_t count)
{
	for (size_t i = 0; i < count; i++)
		hp_free(blocks[i]);
}

void hp_test_limit_holds(size_t bytes, size_t limit_bytes, size_t least_bytes)
{
	/* What moved before counts twice in it. */
	uint64_t peak_bytes = hp_test_stats().peak_bytes;

	for (int round = 0; round < 2; round++) {
		size_t count = fill_up(bytes, limit_bytes);

		g_assert_cmpuint(count * bytes, >=, least_bytes);
		HP_TEST_TOO_MUCH(hp_malloc(bytes));
		hp_free(blocks[--count]);
		blocks[count] = hp_malloc(bytes);
		g_assert_nonnull(blocks[count]);
		free_all(count + 1);
	}
	g_assert_cmpuint(hp_test_stats().peak_bytes, <=, MAX(limit_bytes, peak_bytes));
}

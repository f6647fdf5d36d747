/* hp_pool_reserve(): hugepages that are ready before they are needed; without the hugetlb pool. */
#include <errno.h>

#include "support.h"

enum { PAGES = 10 };

#define BYTES (PAGES * HP_TEST_HUGEPAGE)

static void use_and_free(size_t count)
{
	void *blocks[2 * PAGES];

	for (size_t i = 0; i < count; i++) {
		blocks[i] = hp_malloc(1900 * HP_KIB);
		hp_test_touch(blocks[i], 1900 * HP_KIB);
	}
	for (size_t i = 0; i < count; i++)
		hp_free(blocks[i]);
	hp_thread_idle();
}

/* Slow paths of a second, on a clock of some milliseconds. */
static void let_it_decay(void)
{
	for (int i = 0; i < 100; i++) {
		hp_test_sleep_ms(2);
		hp_free(hp_malloc(200 * HP_KIB));
	}
}

/* Under hardening the last blocks wait on one hugepage, whose rest decays. */
static uint64_t ready_bytes(void)
{
	return hp_test_stats().idle_bytes + (hp_test_is_hardened() ? HP_TEST_HUGEPAGE : 0);
}

static void what_is_reserved_is_there_and_stays(const char *environment)
{
	uint64_t before, taken;

	if (!hp_test_fresh(environment))
		return;
	before = hp_test_resident_bytes();
	HP_TEST_KEEPS_ERRNO(g_assert_cmpuint(hp_pool_reserve(BYTES - 1), ==, BYTES));
	g_assert_cmpuint(hp_test_stats().idle_bytes, >=, BYTES);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
	if (!HP_TEST_ASAN && !HP_TEST_TSAN)
		g_assert_cmpuint(hp_test_resident_bytes(), >=, before + BYTES - HP_MIB);
	let_it_decay();
	g_assert_cmpuint(ready_bytes(), >=, BYTES);
	taken = hp_test_stats().heap_bytes;
	use_and_free(PAGES / 2);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, taken + HP_TEST_HUGEPAGE);
	let_it_decay();
	g_assert_cmpuint(ready_bytes(), >=, BYTES);
	/* Once more is no more. */
	g_assert_cmpuint(hp_pool_reserve(BYTES), ==, BYTES);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, taken + HP_TEST_HUGEPAGE);
	g_assert_cmpuint(hp_pool_reserve(0), ==, 0);
	let_it_decay();
	/* Its own last block was on one. */
	g_assert_cmpuint(hp_test_stats().idle_bytes, <=, HP_TEST_HUGEPAGE);
}

static void on_transparent_huge_pages(void)
{
	what_is_reserved_is_there_and_stays(
		"HPALLOC_BACKING=thp HPALLOC_WARMUP=0 HPALLOC_DECAY_MS=1");
}

static void on_base_pages(void)
{
	what_is_reserved_is_there_and_stays("HPALLOC_BACKING=base HPALLOC_DECAY_MS=1");
}

static void trim_gives_it_back(void)
{
	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0"))
		return;
	g_assert_cmpuint(hp_pool_reserve(BYTES), ==, BYTES);
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().idle_bytes, ==, 0);
	/* For good. */
	use_and_free(PAGES);
	g_assert_cmpuint(hp_test_stats().idle_bytes, <, BYTES);
}

static void a_limit_forbids_more(void)
{
	void *block;

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0 HPALLOC_LIMIT=16M"))
		return;
	g_assert_cmpuint(hp_pool_reserve(HP_GIB), ==, 16 * HP_MIB);
	/* What is reserved is not kept from who needs it. */
	block = hp_malloc(12 * HP_MIB);
	g_assert_nonnull(block);
	hp_free(block);
}

static void a_soft_limit_forbids_it(void)
{
	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0 HPALLOC_LIMIT_SOFT=8M"))
		return;
	g_assert_cmpuint(hp_pool_reserve(HP_GIB), <=, 8 * HP_MIB);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 8 * HP_MIB);
}

static void what_is_reserved_reads_as_zero(void)
{
	char *block;

	if (!hp_test_fresh("HPALLOC_BACKING=base"))
		return;
	use_and_free(PAGES);
	g_assert_cmpuint(hp_pool_reserve(BYTES), ==, BYTES);
	block = hp_calloc(1, BYTES);
	g_assert_true(hp_test_is_zero(block, BYTES));
	hp_free(block);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/reserve/on-transparent-huge-pages", on_transparent_huge_pages);
	g_test_add_func("/reserve/on-base-pages", on_base_pages);
	g_test_add_func("/reserve/trim-gives-it-back", trim_gives_it_back);
	g_test_add_func("/reserve/a-limit-forbids-more", a_limit_forbids_more);
	g_test_add_func("/reserve/a-soft-limit-forbids-it", a_soft_limit_forbids_it);
	g_test_add_func("/reserve/what-is-reserved-reads-as-zero", what_is_reserved_reads_as_zero);
	return g_test_run();
}

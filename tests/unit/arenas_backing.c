/* What an arena stands on, where it is not what the process stands on; without the hugetlb pool. */
#include <errno.h>

#include "support.h"

static struct hp_arena *create(enum hp_arena_backing backing)
{
	return hp_test_arena_create(&(struct hp_arena_options){ .backing = backing });
}

static void *take(struct hp_arena *arena, size_t bytes)
{
	void *block = hp_arena_malloc(arena, bytes);

	g_assert_nonnull(block);
	hp_test_touch(block, bytes);
	return block;
}

static uintptr_t hugepage_of(const void *block)
{
	return (uintptr_t)block / HP_TEST_HUGEPAGE;
}

/* Small blocks, large ones, one over hugepages, one that grows in place and then moves. */
static void fill(struct hp_arena *arena)
{
	void *block;

	for (size_t i = 0; i < 3000; i++)
		take(arena, i % 1000);
	for (size_t i = 0; i < 10; i++)
		take(arena, 300 * HP_KIB);
	take(arena, 9 * HP_MIB);
	block = take(arena, HP_MIB);
	for (size_t bytes = 2 * HP_MIB; bytes <= 16 * HP_MIB; bytes *= 2) {
		block = hp_realloc(block, bytes);
		g_assert_nonnull(block);
		hp_test_touch(block, bytes);
		for (size_t i = 0; i < 8 && bytes > 4 * HP_MIB; i++) /* in its way */
			take(arena, 400 * HP_KIB);
	}
}

static bool has_thp(void)
{
	return hp_test_stats().fallbacks[HP_FALLBACK_THP_OFF] == 0;
}

static void base_pages_in_a_heap_of_huge_ones(void)
{
	struct hp_arena *arena;
	struct hp_stats before;

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0"))
		return;
	hp_test_touch(hp_malloc(100), 100);
	before = hp_test_stats();
	arena = create(HP_ARENA_BACKING_BASE);
	fill(arena);
	g_assert_cmpuint(hp_test_arena_stats(arena).base_bytes, ==,
			 hp_test_arena_stats(arena).held_bytes);
	g_assert_cmpuint(hp_test_arena_stats(arena).held_bytes, >=, 28 * HP_MIB);
	g_assert_cmpuint(hp_test_stats().thp_bytes, ==, before.thp_bytes);
	/* Base pages count by units. */
	g_assert_cmpuint(hp_test_stats().base_bytes, <=,
			 before.base_bytes + hp_test_arena_stats(arena).peak_bytes + 20 * HP_MIB);
	if (!HP_TEST_ASAN && !HP_TEST_TSAN && has_thp())
		g_assert_cmpuint(hp_test_proc_bytes("/proc/self/smaps_rollup", "AnonHugePages:"),
				 <=, 2 * HP_MIB);
	hp_arena_destroy(arena);
	g_assert_cmpuint(hp_test_stats().base_bytes, ==, before.base_bytes);
}

static void huge_pages_in_a_heap_of_base_ones(void)
{
	struct hp_arena *arena;

	if (!hp_test_fresh("HPALLOC_BACKING=base"))
		return;
	hp_test_touch(hp_malloc(100), 100);
	arena = create(HP_ARENA_BACKING_THP);
	fill(arena);
	if (has_thp()) {
		g_assert_cmpuint(hp_test_arena_stats(arena).thp_bytes, ==,
				 hp_test_arena_stats(arena).held_bytes);
		g_assert_cmpuint(hp_test_stats().thp_bytes, >=,
				 hp_test_arena_stats(arena).held_bytes);
	}
	hp_arena_destroy(arena);
	g_assert_cmpuint(hp_test_stats().thp_bytes, ==, 0);
}

/* Nor does a block of the process grow into one of the arena's. */
static void nobody_else_uses_its_hugepages(void)
{
	struct hp_arena *arenas[2];
	void *common, *own, *other;

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0"))
		return;
	common = hp_malloc(100);
	arenas[0] = create(HP_ARENA_BACKING_BASE);
	arenas[1] = create(HP_ARENA_BACKING_BASE);
	own = take(arenas[0], 100);
	g_assert_cmpuint(hugepage_of(own), !=, hugepage_of(common));
	for (int i = 0; i < 3000; i++) {
		other = hp_malloc(1000);
		g_assert_cmpuint(hugepage_of(other), !=, hugepage_of(own));
	}
	/* But another arena on the same backing does. */
	g_assert_cmpuint(hugepage_of(take(arenas[1], 5000)), ==, hugepage_of(own));
	hp_arena_destroy(arenas[1]);
	hp_arena_destroy(arenas[0]);
}

/* What the process keeps idle stands on what the process asked for, and the other way round. */
static void idle_hugepages_change_their_ground(void)
{
	struct hp_arena *arena;
	struct hp_stats stats;

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0 HPALLOC_IDLE_MAX=40M "
			   "HPALLOC_DECAY_MS=3600000"))
		return;
	for (int round = 0; round < 3; round++) {
		void *blocks[8];

		for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++) {
			blocks[i] = hp_malloc(1900 * HP_KIB);
			hp_test_touch(blocks[i], 1900 * HP_KIB);
		}
		stats = hp_test_stats();
		g_assert_cmpuint(stats.base_bytes, ==, 0);
		for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
			hp_free(blocks[i]);
		g_assert_cmpuint(hp_test_stats().idle_bytes, >=, 8 * HP_TEST_HUGEPAGE);
		arena = create(HP_ARENA_BACKING_BASE);
		fill(arena);
		g_assert_cmpuint(hp_test_arena_stats(arena).thp_bytes, ==, 0);
		hp_arena_destroy(arena);
		g_assert_cmpuint(hp_test_stats().base_bytes, ==, 0);
	}
}

/* The same as the process's is no other. */
static void the_processs_own_backing_shares_its_hugepages(void)
{
	struct hp_arena *arena;
	void *common;

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0"))
		return;
	common = hp_malloc(100);
	arena = create(HP_ARENA_BACKING_THP);
	g_assert_cmpuint(hugepage_of(take(arena, 100)), ==, hugepage_of(common));
	hp_arena_destroy(arena);
}

static void the_heaps_limit_counts_it(void)
{
	struct hp_arena *arena;

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0 HPALLOC_LIMIT=20M"))
		return;
	arena = create(HP_ARENA_BACKING_BASE);
	while (hp_arena_malloc(arena, 100 * HP_KIB))
		;
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 20 * HP_MIB);
	g_assert_cmpuint(hp_test_arena_stats(arena).held_bytes, >=, 19 * HP_MIB);
	g_assert_cmpuint(hp_test_arena_stats(arena).refused, ==, 0);
	hp_arena_destroy(arena);
	g_assert_nonnull(hp_malloc(10 * HP_MIB));
}

/* It is not the first hugepage of the process that is small at first. */
static void the_warm_up_is_not_its_business(void)
{
	struct hp_arena *arena;

	if (!hp_test_fresh("HPALLOC_BACKING=auto HPALLOC_WARMUP=1M"))
		return;
	arena = create(HP_ARENA_BACKING_THP);
	take(arena, 100);
	if (has_thp())
		g_assert_cmpuint(hp_test_arena_stats(arena).base_bytes, ==, 0);
	hp_test_touch(hp_malloc(100), 100);
	g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_WARMUP], ==, 1);
	hp_arena_destroy(arena);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/arenas/base-pages-in-a-heap-of-huge-ones",
			base_pages_in_a_heap_of_huge_ones);
	g_test_add_func("/arenas/huge-pages-in-a-heap-of-base-ones",
			huge_pages_in_a_heap_of_base_ones);
	g_test_add_func("/arenas/nobody-else-uses-its-hugepages", nobody_else_uses_its_hugepages);
	g_test_add_func("/arenas/idle-hugepages-change-their-ground",
			idle_hugepages_change_their_ground);
	g_test_add_func("/arenas/the-processs-own-backing-shares-its-hugepages",
			the_processs_own_backing_shares_its_hugepages);
	g_test_add_func("/arenas/the-heaps-limit-counts-it", the_heaps_limit_counts_it);
	g_test_add_func("/arenas/the-warm-up-is-not-its-business", the_warm_up_is_not_its_business);
	return g_test_run();
}

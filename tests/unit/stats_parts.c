/*
 * What is held is the sum of its parts: in use, on the way back, free, and so on, to the byte; by
 * class and by arena as well. And how full the hugepages are.
 */
#include <pthread.h>
#include <string.h>

#include "support.h"

enum { MANY = 4000 };

static void *blocks[MANY];

static uint64_t sum_of_parts(const struct hp_stats *stats)
{
	return stats->in_use_bytes + stats->inbox_bytes + stats->outbox_bytes +
	       stats->quarantine_bytes + stats->free_bytes + stats->fresh_bytes +
	       stats->waste_bytes + stats->gap_bytes + stats->idle_bytes;
}

static uint64_t sum_of_fullness(const struct hp_stats *stats)
{
	uint64_t hugepages = 0;

	for (unsigned i = 0; i < HP_FULLNESS_COUNT; i++)
		hugepages += stats->hugetlb_fullness[i] + stats->thp_fullness[i] +
			     stats->base_fullness[i];
	return hugepages;
}

/* The classes, and their number. */
static size_t get_classes(struct hp_stats_class classes[static 128])
{
	size_t count = 128;

	g_assert_cmpint(hp_stats_get_classes(classes, sizeof(*classes), &count), ==, 0);
	g_assert_cmpuint(count, <=, 128);
	return count;
}

/* The figures by class add up to those of the whole. */
static void classes_agree_with(const struct hp_stats *stats)
{
	struct hp_stats_class classes[128], sum = { 0 };
	size_t count = get_classes(classes);
	uint64_t waiting = 0, free = 0, fresh = 0;

	for (size_t i = 0; i + 1 < count; i++) {
		const struct hp_stats_class *class = &classes[i];

		g_assert_cmpuint(class->block_bytes, >, i ? class[-1].block_bytes : 0);
		g_assert_cmpuint(class->slab_bytes, >=,
				 (class->blocks + class->free_blocks + class->fresh_blocks +
				  class->inbox_blocks + class->outbox_blocks) *
					 class->block_bytes);
		sum.blocks += class->blocks;
		sum.slabs += class->slabs;
		sum.slab_bytes += class->slab_bytes;
		free += class->free_blocks * class->block_bytes;
		fresh += class->fresh_blocks * class->block_bytes;
		waiting += class->inbox_blocks * class->block_bytes;
	}
	g_assert_cmpuint(classes[count - 1].block_bytes, ==, 0);
	g_assert_cmpuint(classes[count - 1].blocks, ==, stats->large_blocks);
	g_assert_cmpuint(sum.blocks + stats->large_blocks, ==, stats->in_use_blocks);
	g_assert_cmpuint(sum.slabs, ==, stats->slabs);
	g_assert_cmpuint(sum.slab_bytes, ==, stats->slab_bytes);
	g_assert_cmpuint(free, ==, stats->free_bytes);
	g_assert_cmpuint(fresh, ==, stats->fresh_bytes);
	g_assert_cmpuint(waiting, ==, stats->inbox_bytes);
}

static void arenas_agree_with(const struct hp_stats *stats)
{
	struct hp_stats_arena arenas[256];
	size_t count = HP_TEST_COUNT(arenas);
	uint64_t slabs = 0, slab_bytes = 0, free_bytes = 0, refills = 0;

	g_assert_cmpint(hp_stats_get_arenas(arenas, sizeof(*arenas), &count), ==, 0);
	g_assert_cmpuint(count, <=, HP_TEST_COUNT(arenas));
	for (size_t i = 0; i < count; i++) {
		g_assert_cmpuint(arenas[i].id, >, 0);
		for (size_t j = 0; j < i; j++)
			g_assert_cmpuint(arenas[i].id, !=, arenas[j].id);
		slabs += arenas[i].slabs;
		slab_bytes += arenas[i].slab_bytes;
		free_bytes += arenas[i].free_bytes;
		refills += arenas[i].refills;
	}
	g_assert_cmpuint(slabs, ==, stats->slabs);
	g_assert_cmpuint(slab_bytes, ==, stats->slab_bytes);
	g_assert_cmpuint(free_bytes, ==, stats->free_bytes);
	g_assert_cmpuint(refills, <=, stats->refills);
}

static struct hp_stats the_parts_add_up(void)
{
	struct hp_stats stats = hp_test_stats();
	uint64_t runs;

	g_assert_cmpuint(stats.heap_bytes, ==, sum_of_parts(&stats));
	runs = stats.slab_bytes + stats.large_bytes + stats.gap_bytes + stats.idle_bytes;
	g_assert_cmpuint(runs, <=, stats.heap_bytes);
	g_assert_cmpuint(runs + stats.quarantine_bytes, >=, stats.heap_bytes);
	g_assert_cmpuint(sum_of_fullness(&stats), >=,
			 (stats.hugetlb_bytes + stats.thp_bytes) / HP_TEST_HUGEPAGE);
	classes_agree_with(&stats);
	arenas_agree_with(&stats);
	return stats;
}

static void fill(size_t most)
{
	uint64_t random = 99;

	for (size_t i = 0; i < MANY; i++)
		blocks[i] = hp_malloc(hp_test_random(&random) % (i % 50 ? most / 50 : most));
}

static void free_every(size_t first, size_t step)
{
	for (size_t i = first; i < MANY; i += step)
		hp_free(blocks[i]);
}

static void parts_add_up_while_the_heap_lives(void)
{
	fill(400000);
	the_parts_add_up();
	free_every(0, 3);
	the_parts_add_up();
	free_every(1, 3);
	hp_trim(0);
	the_parts_add_up();
	free_every(2, 3);
	the_parts_add_up();
	hp_trim(0);
	g_assert_cmpuint(the_parts_add_up().in_use_blocks, ==, 0);
}

static void add_up_on_transparent_huge_pages(void)
{
	if (hp_test_fresh("HPALLOC_BACKING=thp"))
		parts_add_up_while_the_heap_lives();
}

static void add_up_on_base_pages(void)
{
	if (hp_test_fresh("HPALLOC_BACKING=base"))
		parts_add_up_while_the_heap_lives();
}

static void add_up_with_a_decay_of_nothing(void)
{
	if (hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_DECAY_MS=0 HPALLOC_IDLE_MAX=0"))
		parts_add_up_while_the_heap_lives();
}

/* ---- blocks on the way ---- */

enum { CLASS_BYTES = 112, FEW = 10 };

static pthread_barrier_t with_owner, with_other;

static void step(pthread_barrier_t *with)
{
	pthread_barrier_wait(with);
}

/* The owner of all blocks, who takes nothing in, as it rests. */
static void *allocate(void *unused)
{
	for (size_t i = 0; i < MANY; i++)
		blocks[i] = hp_malloc(CLASS_BYTES);
	step(&with_owner);
	step(&with_owner);
	return unused;
}

/* Frees a few, which stay with this thread; then so many that most are handed over. */
static void *free_others(void *unused)
{
	void *own = hp_malloc(1); /* has an arena from now on */

	for (size_t i = 0; i < FEW; i++)
		hp_free(blocks[i]);
	step(&with_other);
	step(&with_other);
	for (size_t i = FEW; i < MANY; i++)
		hp_free(blocks[i]);
	step(&with_other);
	step(&with_other);
	hp_free(own);
	return unused;
}

static void freed_blocks_are_seen_on_their_way(void)
{
	struct hp_stats stats;
	pthread_t owner, other;

	if (hp_test_is_hardened()) {
		hp_test_skip("a quarantine keeps what is to be on its way");
		return;
	}
	if (!hp_test_fresh(""))
		return;
	pthread_barrier_init(&with_owner, NULL, 2);
	pthread_barrier_init(&with_other, NULL, 2);
	pthread_create(&owner, NULL, allocate, NULL);
	step(&with_owner);
	g_assert_cmpuint(the_parts_add_up().in_use_blocks, ==, MANY);
	pthread_create(&other, NULL, free_others, NULL);
	step(&with_other);
	stats = the_parts_add_up();
	g_assert_cmpuint(stats.outbox_bytes, ==, FEW * CLASS_BYTES);
	g_assert_cmpuint(stats.inbox_bytes, ==, 0);
	g_assert_cmpuint(stats.in_use_blocks, ==, MANY - FEW + 1);
	step(&with_other);
	step(&with_other);
	stats = the_parts_add_up();
	g_assert_cmpuint(stats.inbox_bytes, >=, MANY / 2 * CLASS_BYTES);
	g_assert_cmpuint(stats.inbox_bytes + stats.outbox_bytes, ==, MANY * CLASS_BYTES);
	g_assert_cmpuint(stats.handed_blocks, ==, stats.inbox_bytes / CLASS_BYTES);
	g_assert_cmpuint(stats.in_use_blocks, ==, 1);
	step(&with_other);
	pthread_join(other, NULL);
	step(&with_owner);
	pthread_join(owner, NULL);
	stats = the_parts_add_up();
	g_assert_cmpuint(stats.inbox_bytes + stats.outbox_bytes, ==, 0);
	g_assert_cmpuint(stats.in_use_blocks, ==, 0);
	g_assert_cmpuint(stats.handed_blocks, ==, MANY);
}

/* Frees its own, small ones and a large one, and rests. */
static void *free_own(void *unused)
{
	void *own[2 * FEW], *large = hp_malloc(HP_MIB);

	for (size_t i = 0; i < 2 * FEW; i++)
		own[i] = hp_malloc(CLASS_BYTES);
	for (size_t i = 0; i < FEW; i++)
		hp_free(own[i]);
	hp_free(large);
	step(&with_other);
	step(&with_other);
	for (size_t i = FEW; i < 2 * FEW; i++)
		hp_free(own[i]);
	return unused;
}

static void freed_blocks_are_seen_in_quarantine(void)
{
	struct hp_stats_class classes[128];
	struct hp_stats stats;
	uint64_t waiting = 0;
	pthread_t other;
	size_t count;

	if (!hp_test_fresh("HPALLOC_HARDEN=1"))
		return;
	pthread_barrier_init(&with_other, NULL, 2);
	pthread_create(&other, NULL, free_own, NULL);
	step(&with_other);
	stats = the_parts_add_up();
	g_assert_cmpuint(stats.in_use_blocks, ==, FEW);
	g_assert_cmpuint(stats.large_blocks, ==, 0);
	count = get_classes(classes);
	for (size_t i = 0; i + 1 < count; i++)
		waiting += classes[i].quarantine_blocks * classes[i].block_bytes;
	g_assert_cmpuint(waiting, >=, FEW * CLASS_BYTES);
	g_assert_cmpuint(waiting, <, FEW * 2 * CLASS_BYTES);
	g_assert_cmpuint(classes[count - 1].quarantine_blocks, ==, 1);
	g_assert_cmpuint(stats.quarantine_bytes, >=, waiting + HP_MIB);
	step(&with_other);
	pthread_join(other, NULL);
	stats = the_parts_add_up();
	g_assert_cmpuint(stats.quarantine_bytes, ==, 0);
	g_assert_cmpuint(stats.in_use_blocks, ==, 0);
}

static void guarded_blocks_are_told(void)
{
	if (!hp_test_fresh("HPALLOC_HARDEN=2 HPALLOC_GUARD_RATE=1"))
		return;
	for (size_t i = 0; i < FEW; i++)
		blocks[i] = hp_malloc(CLASS_BYTES);
	g_assert_cmpuint(the_parts_add_up().guarded_blocks, ==, FEW);
	for (size_t i = 0; i < FEW; i++)
		hp_free(blocks[i]);
	g_assert_cmpuint(the_parts_add_up().guarded_blocks, ==, 0);
}

/* ---- hugepages ---- */

static bool skips_for_sizes(void)
{
	if (hp_test_is_hardened())
		hp_test_skip("hardened blocks have other sizes");
	return hp_test_is_hardened();
}

static void fullness_tells_what_hugepages_hold(void)
{
	struct hp_stats stats;
	void *full, *half, *least;

	if (skips_for_sizes() || !hp_test_fresh("HPALLOC_WARMUP=0 HPALLOC_BACKING=thp"))
		return;
	full = hp_malloc(HP_TEST_HUGEPAGE - 64);
	half = hp_malloc(HP_TEST_HUGEPAGE / 2);
	hp_malloc(HP_TEST_HUGEPAGE / 2 + HP_TEST_HUGEPAGE / 4);
	least = hp_malloc(HP_TEST_HUGEPAGE - 16 * HP_KIB);
	stats = the_parts_add_up();
	g_assert_cmpuint(stats.thp_fullness[HP_FULLNESS_FULL], ==, 1);
	g_assert_cmpuint(stats.thp_fullness[5], ==, 1);
	g_assert_cmpuint(stats.thp_fullness[8], ==, 1);
	g_assert_cmpuint(stats.thp_fullness[10], ==, 1);
	g_assert_cmpuint(stats.large_blocks, ==, 4);
	hp_free(full);
	hp_free(half);
	hp_free(least);
	stats = the_parts_add_up();
	g_assert_cmpuint(stats.thp_fullness[HP_FULLNESS_EMPTY] * HP_TEST_HUGEPAGE, ==,
			 stats.idle_bytes);
	g_assert_cmpuint(stats.thp_fullness[8], ==, 1);
}

static void a_block_over_many_hugepages_fills_each(void)
{
	struct hp_stats stats;

	if (skips_for_sizes() || !hp_test_fresh("HPALLOC_WARMUP=0 HPALLOC_BACKING=thp"))
		return;
	hp_malloc(10 * HP_TEST_HUGEPAGE + HP_MIB);
	stats = the_parts_add_up();
	g_assert_cmpuint(stats.thp_fullness[HP_FULLNESS_FULL], ==, 10);
	g_assert_cmpuint(stats.in_use_blocks, ==, 1);
	g_assert_cmpuint(stats.large_bytes, ==, stats.in_use_bytes);
}

/* ---- what is counted ---- */

static void events_are_bounds_from_below(void)
{
	struct hp_stats before, after;

	if (skips_for_sizes() || !hp_test_fresh(""))
		return;
	before = hp_test_stats();
	for (size_t i = 0; i < MANY; i++)
		blocks[i] = hp_malloc(48);
	for (size_t i = 0; i < 10; i++)
		hp_free(hp_malloc(HP_MIB));
	after = hp_test_stats();
	g_assert_cmpuint(after.refilled_blocks - before.refilled_blocks, >=, MANY);
	g_assert_cmpuint(after.refilled_blocks - before.refilled_blocks, <, MANY + 100);
	g_assert_cmpuint(after.refills - before.refills, >=, MANY / 100);
	g_assert_cmpuint(after.refills - before.refills, <=, MANY / 10);
	g_assert_cmpuint(after.large_taken - before.large_taken, ==, 10);
	g_assert_cmpuint(after.large_given - before.large_given, ==, 10);
	g_assert_cmpuint(after.slabs_taken - after.slabs_given, ==, after.slabs);
	free_every(0, 1);
	hp_trim(0);
	after = hp_test_stats();
	g_assert_cmpuint(after.slabs_taken - after.slabs_given, ==, after.slabs);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stats-parts/add-up-on-transparent-huge-pages",
			add_up_on_transparent_huge_pages);
	g_test_add_func("/stats-parts/add-up-on-base-pages", add_up_on_base_pages);
	g_test_add_func("/stats-parts/add-up-with-a-decay-of-nothing",
			add_up_with_a_decay_of_nothing);
	g_test_add_func("/stats-parts/freed-blocks-are-seen-on-their-way",
			freed_blocks_are_seen_on_their_way);
	g_test_add_func("/stats-parts/fullness-tells-what-hugepages-hold",
			fullness_tells_what_hugepages_hold);
	g_test_add_func("/stats-parts/a-block-over-many-hugepages-fills-each",
			a_block_over_many_hugepages_fills_each);
	g_test_add_func("/stats-parts/events-are-bounds-from-below", events_are_bounds_from_below);
	/* The last: the tests after it would be hardened, too. */
	g_test_add_func("/stats-parts/freed-blocks-are-seen-in-quarantine",
			freed_blocks_are_seen_in_quarantine);
	g_test_add_func("/stats-parts/guarded-blocks-are-told", guarded_blocks_are_told);
	return g_test_run();
}

/*
 * What the heap holds and what the kernel has for it, page by page. /proc/self/pagemap says which
 * pages there are; the heap's own tables say which may be: no page is there that is not held, and
 * what hp_stats_get_resident() tells is exactly the pages that are there.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hugepool.h"
#include "pool/region.h"
#include "support.h"

enum { SLOT_PAGES = HP_TEST_HUGEPAGE / HP_TEST_PAGE, UNIT_PAGES = 4, POOL_PAGES = 100 };

/* In pages. */
struct pages {
	uint64_t held, there;		/* of all kinds */
	uint64_t hugetlb_held, hugetlb; /* on pages of the pool */
	uint64_t not_held;		/* there, and yet not held: a leak */
};

static bool is_there(uint64_t entry)
{
	return entry >> 62; /* present or swapped out */
}

static bool is_held(const struct hp_slot *slot, size_t page)
{
	if (!slot->has_memory)
		return false;
	return slot->mapping != HP_MAPPING_BASE || (slot->touched >> (page / UNIT_PAGES) & 1) != 0;
}

static void add_slot(const struct hp_slot *slot, const uint64_t *entries, struct pages *sum)
{
	bool is_hugetlb = slot->has_memory && slot->mapping == HP_MAPPING_HUGE;

	for (size_t page = 0; page < SLOT_PAGES; page++) {
		bool held = is_held(slot, page), there = is_there(entries[page]);

		sum->held += held;
		sum->there += there;
		sum->hugetlb_held += held && is_hugetlb;
		sum->hugetlb += there && is_hugetlb;
		sum->not_held += there && !held;
	}
}

static struct pages look(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	unsigned count = atomic_load(&hp_regions.count);
	uint64_t entries[SLOT_PAGES];
	struct pages sum = { 0 };

	g_assert_cmpint(fd, >=, 0);
	for (unsigned i = 0; i < count; i++) {
		const struct hp_region *region = &hp_regions.at[i];

		for (size_t slot = 0; slot < hp_region_slots(region); slot++) {
			uintptr_t address = region->base + slot * HP_TEST_HUGEPAGE;

			g_assert_cmpint(pread(fd, entries, sizeof(entries),
					      (off_t)(address / HP_TEST_PAGE * 8)),
					==, sizeof(entries));
			add_slot(&region->slots[slot], entries, &sum);
		}
	}
	close(fd);
	return sum;
}

static struct hp_stats_resident resident(void)
{
	struct hp_stats_resident resident;

	g_assert_cmpint(hp_stats_get_resident(&resident, sizeof(resident)), ==, 0);
	return resident;
}

/* To the page; returns what is there. */
static struct hp_stats_resident reconcile(void)
{
	struct hp_stats stats = hp_test_stats();
	struct hp_stats_resident told = resident();
	struct pages pages = look();

	g_assert_cmpuint(pages.not_held, ==, 0);
	g_assert_cmpuint(stats.heap_bytes, ==, pages.held * HP_TEST_PAGE);
	g_assert_cmpuint(stats.hugetlb_bytes, ==, pages.hugetlb_held * HP_TEST_PAGE);
	g_assert_cmpuint(told.hugetlb_bytes, ==, stats.hugetlb_bytes);
	g_assert_cmpuint(told.hugetlb_bytes, ==, pages.hugetlb * HP_TEST_PAGE);
	g_assert_cmpuint(told.hugetlb_bytes + told.thp_bytes + told.base_bytes + told.swapped_bytes,
			 ==, pages.there * HP_TEST_PAGE);
	g_assert_cmpuint(told.metadata_bytes, <=, stats.metadata_bytes);
	return told;
}

/* ---- a life of a heap ---- */

enum { BLOCKS = 3000 };

static void *blocks[BLOCKS];

static void fill(void)
{
	uint64_t random = 8;

	for (size_t i = 0; i < BLOCKS; i++) {
		size_t bytes = 1 + hp_test_random(&random) % (i % 60 ? 3000 : HP_MIB);

		blocks[i] = i % 3 ? hp_malloc(bytes) : hp_calloc(1, bytes);
		if (i % 2) /* the others stay as far untouched as they are */
			hp_test_fill(blocks[i], bytes, i);
	}
}

static void free_every(size_t first, size_t step)
{
	for (size_t i = first; i < BLOCKS; i += step)
		hp_free(blocks[i]);
}

static void live(void)
{
	void *moved = hp_malloc(3 * HP_MIB);

	reconcile();
	fill();
	reconcile();
	hp_test_touch(moved, 3 * HP_MIB);
	moved = hp_realloc(moved, 9 * HP_MIB);
	reconcile();
	free_every(0, 2);
	reconcile();
	hp_trim(0);
	reconcile();
	fill(); /* over what was not freed: that is live for good */
	reconcile();
	hp_free(moved);
	hp_trim(0);
	reconcile();
}

static void transparent_huge_pages(void)
{
	if (!hp_test_skips_measures() && hp_test_fresh("HPALLOC_BACKING=thp"))
		live();
}

static void base_pages(void)
{
	if (!hp_test_skips_measures() && hp_test_fresh("HPALLOC_BACKING=base")) {
		live();
		g_assert_cmpuint(resident().thp_bytes, ==, 0);
	}
}

static void the_pool(void)
{
	if (hp_test_skips_measures() ||
	    !hp_test_fresh_with_pool("HPALLOC_BACKING=hugetlb", POOL_PAGES))
		return;
	live();
	g_assert_cmpuint(resident().hugetlb_bytes, >=, 8 * HP_TEST_HUGEPAGE);
}

static void a_pool_that_runs_dry(void)
{
	if (hp_test_skips_measures() || !hp_test_fresh_with_pool("", 12))
		return;
	live();
	g_assert_cmpuint(resident().hugetlb_bytes, >=, 8 * HP_TEST_HUGEPAGE);
	g_assert_cmpuint(resident().thp_bytes + resident().base_bytes, >, 0);
}

/* ---- what is held and not there ---- */

static void a_sparse_block_is_held_and_not_there(void)
{
	enum { STEP = 37, TOUCHED = 1000 };
	struct hp_stats_resident before, after;
	char *block;

	if (hp_test_skips_measures() || !hp_test_fresh("HPALLOC_BACKING=base"))
		return;
	hp_free(hp_malloc(100));
	hp_trim(0);
	before = reconcile();
	block = hp_malloc(10 * HP_GIB);
	for (size_t i = 0; i < TOUCHED; i++)
		block[i * STEP * HP_TEST_PAGE] = 1;
	after = reconcile();
	g_assert_cmpuint(after.base_bytes - before.base_bytes, ==, TOUCHED * HP_TEST_PAGE);
	g_assert_cmpuint(hp_test_stats().heap_bytes, >=, 10 * HP_GIB);
	hp_free(block);
	reconcile();
}

static void a_sparse_block_has_whole_huge_pages(void)
{
	struct hp_stats_resident told;
	char *block;

	if (hp_test_skips_measures() || !hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	block = hp_malloc(2 * HP_GIB);
	for (size_t i = 0; i < 4; i++)
		block[i * 100 * HP_TEST_HUGEPAGE] = 1;
	told = reconcile();
	if (hp_test_stats().fallbacks[HP_FALLBACK_THP_OFF] == 0)
		g_assert_cmpuint(told.thp_bytes, >=, 4 * HP_TEST_HUGEPAGE);
	g_assert_cmpuint(told.thp_bytes + told.base_bytes, <=, 6 * HP_TEST_HUGEPAGE);
	hp_free(block);
}

static void the_child_of_a_fork(void)
{
	pid_t child;

	if (hp_test_skips_measures() || !hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	fill();
	reconcile();
	child = fork();
	if (child == 0) {
		reconcile();
		free_every(0, 3);
		reconcile();
		_exit(0);
	}
	hp_test_child_did_well(child);
	reconcile();
}

/* ---- the tables ---- */

/* Rss of the mapping that begins at the address. */
static uint64_t resident_at(const void *address)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	uint64_t bytes = 0;
	bool is_it = false;
	char line[512];

	g_assert_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		uintptr_t start, end;
		uint64_t kib;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2)
			is_it = start == (uintptr_t)address;
		else if (is_it && sscanf(line, "Rss: %" SCNu64, &kib) == 1)
			bytes = kib * 1024;
	}
	fclose(file);
	return bytes;
}

static void the_tables_are_told_to_the_page(void)
{
	const struct hp_region *region = &hp_regions.at[0];

	if (hp_test_skips_measures() || !hp_test_fresh(""))
		return;
	fill();
	if (hp_test_is_hardened() || atomic_load(&hp_regions.count) > 1) {
		hp_test_skip("there is other metadata");
		return;
	}
	g_assert_cmpuint(resident().metadata_bytes, ==,
			 resident_at(region->cells) + resident_at(region->slots) +
				 resident_at(region->free_bits));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/resident/transparent-huge-pages", transparent_huge_pages);
	g_test_add_func("/resident/base-pages", base_pages);
	g_test_add_func("/resident/a-sparse-block-is-held-and-not-there",
			a_sparse_block_is_held_and_not_there);
	g_test_add_func("/resident/a-sparse-block-has-whole-huge-pages",
			a_sparse_block_has_whole_huge_pages);
	g_test_add_func("/resident/the-child-of-a-fork", the_child_of_a_fork);
	g_test_add_func("/resident/the-tables-are-told-to-the-page",
			the_tables_are_told_to_the_page);
	g_test_add_func("/resident/the-pool", the_pool);
	g_test_add_func("/resident/a-pool-that-runs-dry", a_pool_that_runs_dry);
	return g_test_run();
}

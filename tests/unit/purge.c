/*
 * Freed memory goes back by itself: at once beyond the bound on idle hugepages, the rest after
 * the decay on slow paths, all of it by hp_trim(), and from a program that does nothing but free.
 */
#include <errno.h>

#include "support.h"

enum { SMALL_BYTES = 240 };

/* As many small blocks as make up `total` bytes, all written. */
static void **take_small(size_t total, size_t *out_count)
{
	size_t count = total / SMALL_BYTES;
	void **blocks = g_new(void *, count);

	for (size_t i = 0; i < count; i++) {
		blocks[i] = hp_malloc(SMALL_BYTES);
		g_assert_nonnull(blocks[i]);
		*(size_t *)blocks[i] = i;
	}
	*out_count = count;
	return blocks;
}

static void free_in_random_order(void **blocks, size_t count)
{
	uint64_t random = 9;

	for (size_t i = count; i > 0; i--) {
		size_t pick = hp_test_random(&random) % i;
		void *block = blocks[pick];

		blocks[pick] = blocks[i - 1];
		hp_free(block);
	}
}

static void free_in_order(void **blocks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hp_free(blocks[i]);
}

static void most_of_1_gb_is_back_without_a_further_call(void (*free_all)(void **, size_t))
{
	uint64_t resident, resident_after, heap, heap_after;
	size_t count;
	void **blocks;

	blocks = take_small(HP_GIB, &count);
	resident = hp_test_resident_bytes();
	heap = hp_test_stats().heap_bytes;
	g_assert_cmpuint(heap, >=, HP_GIB);
	free_all(blocks, count);
	resident_after = hp_test_resident_bytes();
	heap_after = hp_test_stats().heap_bytes;
	g_assert_cmpuint(heap_after, <=, heap / 20);
	g_assert_cmpuint(resident - resident_after, >=, HP_GIB / 20 * 19);
	g_free(blocks);
}

static void freed_in_order_most_of_1_gb_is_back(void)
{
	if (hp_test_skips_measures())
		return;
	if (hp_test_fresh(""))
		most_of_1_gb_is_back_without_a_further_call(free_in_order);
}

static void freed_at_random_most_of_1_gb_is_back(void)
{
	if (hp_test_skips_measures())
		return;
	if (hp_test_fresh(""))
		most_of_1_gb_is_back_without_a_further_call(free_in_random_order);
}

/* What a program does between: a few calls of each kind that reach slow paths. */
static void pass_slow_paths(void)
{
	void *blocks[2000];

	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		blocks[i] = hp_malloc(64 + i % 512);
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		hp_free(blocks[i]);
	hp_free(hp_malloc(300 * HP_KIB));
}

static void the_rest_is_back_within_two_decays_of_slow_paths(void)
{
	size_t count;
	void **blocks;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=200"))
		return;
	blocks = take_small(64 * HP_MIB, &count);
	free_in_order(blocks, count);
	for (int i = 0; i < 10; i++) {
		hp_test_sleep_ms(45);
		pass_slow_paths();
	}
	g_assert_cmpuint(hp_test_stats().idle_bytes, <=, HP_TEST_HUGEPAGE);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 3 * HP_TEST_HUGEPAGE);
	g_free(blocks);
}

/* No slow path of malloc: the decay must be noticed by frees alone. */
static void a_program_that_only_frees_gives_back_too(void)
{
	void **blocks, **late;
	size_t count, late_count;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=100 HPALLOC_IDLE_MAX=256M"))
		return;
	late = take_small(32 * HP_MIB, &late_count);
	blocks = take_small(128 * HP_MIB, &count);
	free_in_order(blocks, count);
	for (size_t i = 0; i < late_count; i++) {
		hp_free(late[i]);
		if (i % (late_count / 30) == 0)
			hp_test_sleep_ms(10);
	}
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 48 * HP_MIB);
	g_free(blocks);
	g_free(late);
}

/* Every 64th block lives on: on base pages the emptied pages between them go back. */
static void empty_parts_of_base_pages_go_back_by_trim(void)
{
	uint64_t resident;
	size_t count;
	void **blocks;

	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh("HPALLOC_BACKING=base HPALLOC_DECAY_MS=0"))
		return;
	blocks = take_small(256 * HP_MIB, &count);
	resident = hp_test_resident_bytes();
	for (size_t i = 0; i < count; i++) {
		if (i % 1024 != 0)
			hp_free(blocks[i]);
	}
	pass_slow_paths();
	hp_trim(0);
	g_assert_cmpuint(resident - hp_test_resident_bytes(), >=, 150 * HP_MIB);
	for (size_t i = 0; i < count; i += 1024) {
		g_assert_cmpuint(*(size_t *)blocks[i], ==, i);
		hp_free(blocks[i]);
	}
	g_free(blocks);
}

static void trim_gives_all_idle_memory_back(void)
{
	size_t count;
	void **blocks;

	if (!hp_test_fresh("HPALLOC_IDLE_MAX=1G HPALLOC_DECAY_MS=3600000"))
		return;
	blocks = take_small(128 * HP_MIB, &count);
	free_in_order(blocks, count);
	g_assert_cmpuint(hp_test_stats().idle_bytes, >=, 64 * HP_MIB);
	g_assert_cmpint(hp_trim(32 * HP_MIB), ==, 1);
	g_assert_cmpuint(hp_test_stats().idle_bytes, <=, 32 * HP_MIB);
	g_assert_cmpuint(hp_test_stats().idle_bytes, >=, 24 * HP_MIB);
	g_assert_cmpint(hp_trim(0), ==, 1);
	g_assert_cmpuint(hp_test_stats().idle_bytes, ==, 0);
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 2 * HP_TEST_HUGEPAGE);
	g_assert_cmpint(hp_trim(0), ==, 0);
	g_free(blocks);
}

static void a_span_that_ran_empty_serves_any_class(void)
{
	uint64_t peak;
	size_t count;

	if (!hp_test_fresh(""))
		return;
	for (size_t bytes = 16; bytes <= 128 * HP_KIB; bytes *= 2) {
		void **blocks;

		count = 32 * HP_MIB / bytes;
		blocks = g_new(void *, count);
		for (size_t i = 0; i < count; i++)
			blocks[i] = hp_malloc(bytes);
		free_in_order(blocks, count);
		g_free(blocks);
	}
	peak = hp_test_stats().peak_bytes;
	g_assert_cmpuint(peak, <=, (hp_test_is_hardened() ? 80 : 40) * HP_MIB);
}

static void what_went_back_can_be_had_again(void)
{
	size_t count;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=0 HPALLOC_IDLE_MAX=0"))
		return;
	for (int round = 0; round < 10; round++) {
		void **blocks = take_small(50 * HP_MIB, &count);

		for (size_t i = 0; i < count; i++)
			g_assert_cmpuint(*(size_t *)blocks[i], ==, i);
		free_in_random_order(blocks, count);
		g_free(blocks);
		g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 3 * HP_TEST_HUGEPAGE);
	}
	g_assert_cmpuint(hp_test_stats().purged_bytes +
				 hp_test_stats().hugepages_given * HP_TEST_HUGEPAGE,
			 >=, 400 * HP_MIB);
}

static uint64_t given_bytes(void)
{
	struct hp_stats stats = hp_test_stats();

	return stats.purged_bytes + stats.hugepages_given * HP_TEST_HUGEPAGE;
}

/* Hugepages that are given back in each round and asked for again would cost more than the rest. */
static void batches_that_come_again_keep_their_memory(void)
{
	enum { BLOCKS = 512, BYTES = 64 << 10, ROUNDS = 60, TO_LEARN = 10 };
	void *blocks[BLOCKS];
	uint64_t given = 0;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=500"))
		return;
	for (int round = 0; round < ROUNDS; round++) {
		if (round == TO_LEARN)
			given = given_bytes();
		for (size_t i = 0; i < BLOCKS; i++) {
			blocks[i] = hp_malloc(BYTES);
			*(char *)blocks[i] = 1;
		}
		free_in_order(blocks, BLOCKS);
	}
	g_assert_cmpuint(given_bytes() - given, <=, 2 * HP_TEST_HUGEPAGE);
	for (int i = 0; i < 40; i++) {
		hp_test_sleep_ms(45);
		pass_slow_paths();
	}
	g_assert_cmpuint(hp_test_stats().heap_bytes, <=, 3 * HP_TEST_HUGEPAGE);
}

enum { PARTS = 1000, PART_BYTES = 64 << 10, PART_KEPT_ONE_IN = 24 };

/* Fills all places that are empty, and empties all but some: no hugepage runs empty. */
static void swing_once(void **parts)
{
	for (size_t i = 0; i < PARTS; i++) {
		if (parts[i])
			continue;
		parts[i] = hp_malloc(PART_BYTES);
		hp_test_fill(parts[i], PART_BYTES, i);
	}
	for (size_t i = 0; i < PARTS; i++) {
		if (i % PART_KEPT_ONE_IN == 0)
			continue;
		hp_free(parts[i]);
		parts[i] = NULL;
	}
}

static void check_parts(void **parts)
{
	for (size_t i = 0; i < PARTS; i += PART_KEPT_ONE_IN) {
		g_assert_true(hp_test_is_filled(parts[i], PART_BYTES, i));
		hp_free(parts[i]);
	}
}

/* The decay is far, the bound is not. */
static void beyond_the_bound_empty_parts_go_back_at_once(void)
{
	static void *parts[PARTS];
	uint64_t before;

	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_DECAY_MS=3600000"))
		return;
	before = hp_test_resident_bytes();
	swing_once(parts);
	g_assert_cmpuint(hp_test_stats().peak_bytes, >=, 60 * HP_MIB);
	g_assert_cmpuint(hp_test_resident_bytes(), <=, before + 20 * HP_MIB);
	check_parts(parts);
}

/* To be used once more, by a second phase, does not raise the bound. */
static void a_second_phase_leaves_no_more_empty_parts_than_the_first(void)
{
	static void *parts[PARTS];
	uint64_t before, first;

	if (hp_test_skips_measures())
		return;
	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_DECAY_MS=3600000"))
		return;
	before = hp_test_resident_bytes();
	swing_once(parts);
	first = hp_test_resident_bytes() - before;
	swing_once(parts);
	g_assert_cmpuint(hp_test_resident_bytes() - before, <=, first + 6 * HP_MIB);
	check_parts(parts);
}

/* ... but to be used again and again does: each time costs system calls and page faults. */
static void parts_that_are_used_again_and_again_stay(void)
{
	enum { ROUNDS = 40, TO_LEARN = 20 };
	static void *parts[PARTS];
	uint64_t purged = 0;

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_DECAY_MS=3600000"))
		return;
	for (int round = 0; round < ROUNDS; round++) {
		if (round == TO_LEARN)
			purged = hp_test_stats().purged_bytes;
		swing_once(parts);
	}
	g_assert_cmpuint(hp_test_stats().purged_bytes - purged, <=, 64 * HP_MIB);
	check_parts(parts);
}

/* What could be written to counts against RLIMIT_DATA and the commit limit. */
static void trim_gives_back_the_claim_to_memory_too(void)
{
	uint64_t before = hp_test_proc_bytes("/proc/self/status", "VmData:");
	void *block = hp_malloc(HP_GIB);

	g_assert_nonnull(block);
	hp_test_touch(block, HP_GIB);
	g_assert_cmpuint(hp_test_proc_bytes("/proc/self/status", "VmData:"), >=, before + HP_GIB);
	hp_free(block);
	hp_trim(0);
	g_assert_cmpuint(hp_test_proc_bytes("/proc/self/status", "VmData:"), <,
			 before + HP_GIB / 8);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/purge/freed-in-order-most-of-1-gb-is-back",
			freed_in_order_most_of_1_gb_is_back);
	g_test_add_func("/purge/freed-at-random-most-of-1-gb-is-back",
			freed_at_random_most_of_1_gb_is_back);
	g_test_add_func("/purge/the-rest-is-back-within-two-decays-of-slow-paths",
			the_rest_is_back_within_two_decays_of_slow_paths);
	g_test_add_func("/purge/a-program-that-only-frees-gives-back-too",
			a_program_that_only_frees_gives_back_too);
	g_test_add_func("/purge/empty-parts-of-base-pages-go-back-by-trim",
			empty_parts_of_base_pages_go_back_by_trim);
	g_test_add_func("/purge/beyond-the-bound-empty-parts-go-back-at-once",
			beyond_the_bound_empty_parts_go_back_at_once);
	g_test_add_func("/purge/trim-gives-all-idle-memory-back", trim_gives_all_idle_memory_back);
	g_test_add_func("/purge/trim-gives-back-the-claim-to-memory-too",
			trim_gives_back_the_claim_to_memory_too);
	g_test_add_func("/purge/a-span-that-ran-empty-serves-any-class",
			a_span_that_ran_empty_serves_any_class);
	g_test_add_func("/purge/what-went-back-can-be-had-again", what_went_back_can_be_had_again);
	g_test_add_func("/purge/batches-that-come-again-keep-their-memory",
			batches_that_come_again_keep_their_memory);
	g_test_add_func("/purge/a-second-phase-leaves-no-more-empty-parts-than-the-first",
			a_second_phase_leaves_no_more_empty_parts_than_the_first);
	g_test_add_func("/purge/parts-that-are-used-again-and-again-stay",
			parts_that_are_used_again_and_again_stay);
	return g_test_run();
}

/*
 * Explicit arenas and the reserve while calls of the operating system fail: each in turn, all of
 * one function, any at random. Requests are refused, blocks stay whole, a reset is one, nothing is
 * lost.
 */
#include <errno.h>
#include <pthread.h>

#include <hpalloc/arena.h>

#include "fault.h"
#include "support.h"

enum { BLOCKS = 24, ROUNDS_MAX = 3000 };

static const size_t sizes[] = { 10, 100, 1000, 3000, 30000, 150000, 700000, 2200000 };

/* NULL with ENOMEM, or a block. */
static void *had(void *block)
{
	if (!block)
		g_assert_cmpint(errno, ==, ENOMEM);
	errno = 0;
	return block;
}

static void use(struct hp_arena *arena)
{
	void *blocks[BLOCKS], *moved;
	size_t bytes[BLOCKS];

	errno = 0;
	for (size_t i = 0; i < BLOCKS; i++) {
		bytes[i] = sizes[i % HP_TEST_COUNT(sizes)];
		blocks[i] = had(i % 3 ? hp_arena_malloc(arena, bytes[i])
				      : hp_arena_aligned_alloc(arena, 64, bytes[i]));
		if (blocks[i])
			hp_test_fill(blocks[i], bytes[i], i);
		if (i % 7 == 0)
			hp_free(had(hp_arena_calloc(arena, 1, bytes[i])));
	}
	for (size_t i = 0; i < BLOCKS; i += 2) {
		if (!blocks[i])
			continue;
		moved = had(hp_realloc(blocks[i], 3 * bytes[i]));
		if (moved)
			blocks[i] = moved;
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		if (!blocks[i])
			continue;
		g_assert_true(hp_test_is_filled(blocks[i], bytes[i], i));
		if (i % 4)
			hp_free(blocks[i]);
	}
}

static void use_and_end(enum hp_arena_use how, enum hp_arena_backing backing)
{
	struct hp_arena_options options = { .use = how, .backing = backing };
	struct hp_arena *arena = had(hp_arena_create(&options, sizeof(options)));
	struct hp_arena_stats stats;

	if (!arena)
		return;
	use(arena);
	hp_arena_reset(arena);
	g_assert_cmpint(hp_arena_stats_get(arena, &stats, sizeof(stats)), ==, 0);
	g_assert_cmpuint(stats.blocks, ==, 0);
	use(arena);
	hp_arena_destroy(arena);
}

/* Two hugepages more than there may be, so that limits, trims and refusals are part of it. */
static void run(void)
{
	use_and_end(HP_ARENA_BOUND, HP_ARENA_BACKING_DEFAULT);
	use_and_end(HP_ARENA_SHARED, HP_ARENA_BACKING_BASE);
	g_assert_cmpuint(hp_pool_reserve(8 * HP_MIB), <=, 8 * HP_MIB);
	use_and_end(HP_ARENA_SHARED, HP_ARENA_BACKING_THP);
	hp_thread_idle();
	hp_trim(0);
}

static void recover(void)
{
	hp_fault_none();
	run();
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
	g_assert_cmpuint(hp_pool_reserve(8 * HP_MIB), ==, 8 * HP_MIB);
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().idle_bytes, ==, 0);
}

static const char *const environments[] = { "HPALLOC_BACKING=thp HPALLOC_WARMUP=0",
					    "HPALLOC_BACKING=base HPALLOC_LIMIT=64M",
					    "HPALLOC_BACKING=thp HPALLOC_DECAY_MS=0" };

static void each_call_in_turn(gconstpointer environment)
{
	unsigned n = 1, before;

	if (!hp_test_fresh(environment))
		return;
	do {
		before = hp_fault_strikes();
		hp_fault_nth(n);
		run();
		hp_fault_none();
		n += n < 20 || hp_test_is_full() ? 1 : n / 4;
	} while (hp_fault_strikes() > before && n < ROUNDS_MAX);
	g_assert_cmpuint(n, >, 20);
	recover();
}

static void all_calls_of_each_function(gconstpointer environment)
{
	if (!hp_test_fresh(environment))
		return;
	for (unsigned i = HP_FAULT_check_machine + 1; i < HP_FAULT_COUNT; i++) {
		hp_fault_all_of((enum hp_fault)i);
		run();
		hp_fault_none();
		hp_trim(0);
		g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
	}
	recover();
}

static void any_call_at_random(gconstpointer environment)
{
	if (!hp_test_fresh(environment))
		return;
	for (unsigned rate = 5; rate < 1000; rate *= 3) {
		hp_fault_randomly(rate);
		run();
		recover();
	}
}

static void add(const char *name, GTestDataFunc test)
{
	for (size_t i = 0; i < HP_TEST_COUNT(environments); i++) {
		char *path = g_strdup_printf("/arenas-fault/%s/%zu", name, i);

		g_test_add_data_func(path, environments[i], test);
		g_free(path);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("each-call-in-turn", each_call_in_turn);
	add("all-calls-of-each-function", all_calls_of_each_function);
	add("any-call-at-random", any_call_at_random);
	return g_test_run();
}

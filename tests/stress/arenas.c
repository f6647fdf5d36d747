/*
 * Explicit arenas under eight threads: shared ones that all use and any of them resets, destroys
 * and makes anew; bound ones, one a thread, whose blocks others free. A lock for readers and
 * writers, the test's own, sees to it that nobody uses a block while its arena is reset.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <hpalloc/arena.h>

#include "stress.h"

enum { THREADS = 8, SHARED = 3, ARENAS = SHARED + THREADS, BOARD = 64, END_ONE_IN = 300 };

/* Blocks are on the board until somebody takes them down. */
struct place {
	pthread_rwlock_t lock;
	struct hp_arena *arena;
	_Atomic(size_t *) board[BOARD];
};

static struct place places[ARENAS];
static atomic_uint ends;

static void make(struct place *place, bool is_shared)
{
	struct hp_arena_options options = { .use = is_shared ? HP_ARENA_SHARED : HP_ARENA_BOUND,
					    .limit_bytes = 16 * HP_MIB };

	place->arena = hp_arena_create(&options, sizeof(options));
	g_assert_nonnull(place->arena);
}

/* Its size is its first word, and its seed. */
static size_t *mark(size_t *block, size_t bytes)
{
	g_assert_nonnull(block);
	*block = bytes;
	hp_test_fill(block + 1, bytes - sizeof(*block), bytes);
	return block;
}

static void check(const size_t *block)
{
	g_assert_true(hp_test_is_filled(block + 1, *block - sizeof(*block), *block));
}

static void release(size_t *block)
{
	if (!block)
		return;
	check(block);
	hp_free(block);
}

static size_t *exchange(struct place *place, size_t *block, uint64_t *random)
{
	return atomic_exchange(&place->board[hp_test_random(random) % BOARD], block);
}

static void replace(struct place *place, uint64_t *random)
{
	size_t bytes = 16 + hp_test_random(random) % (hp_test_random(random) % 50 ? 2000 : 200000);
	size_t *block;

	if (hp_test_random(random) % 4 == 0) {
		block = hp_arena_calloc(place->arena, 1, bytes);
		g_assert_true(hp_test_is_zero(block, bytes));
	} else {
		block = hp_arena_malloc(place->arena, bytes);
	}
	release(exchange(place, mark(block, bytes), random));
}

static void resize(struct place *place, uint64_t *random)
{
	size_t *block = exchange(place, NULL, random), bytes = 16 + hp_test_random(random) % 300000;

	if (!block)
		return;
	check(block);
	release(exchange(place, mark(hp_realloc(block, bytes), bytes), random));
}

static void use(struct place *place, bool is_users, uint64_t *random)
{
	struct hp_arena_stats stats;

	pthread_rwlock_rdlock(&place->lock);
	for (int i = 0; i < 30; i++) {
		if (!is_users)
			release(exchange(place, NULL, random));
		else if (i % 8)
			replace(place, random);
		else
			resize(place, random);
	}
	if (is_users && hp_test_random(random) % 20 == 0) {
		g_assert_cmpint(hp_arena_stats_get(place->arena, &stats, sizeof(stats)), ==, 0);
		g_assert_cmpuint(stats.in_use_bytes, <=, stats.held_bytes);
		g_assert_cmpuint(stats.peak_bytes, <=, stats.limit_bytes);
	}
	pthread_rwlock_unlock(&place->lock);
}

static void end(struct place *place, bool is_shared, uint64_t *random)
{
	struct hp_arena_stats stats;

	pthread_rwlock_wrlock(&place->lock);
	for (size_t i = 0; i < BOARD; i++)
		atomic_store(&place->board[i], NULL);
	if (hp_test_random(random) % 2) {
		hp_arena_reset(place->arena);
		g_assert_cmpint(hp_arena_stats_get(place->arena, &stats, sizeof(stats)), ==, 0);
		g_assert_cmpuint(stats.blocks, ==, 0);
	} else {
		hp_arena_destroy(place->arena);
		make(place, is_shared);
	}
	pthread_rwlock_unlock(&place->lock);
	atomic_fetch_add(&ends, 1);
}

static void *run(void *argument)
{
	size_t number = (size_t)argument, own = SHARED + number;
	uint64_t random = number + 1;

	pthread_rwlock_wrlock(&places[own].lock);
	make(&places[own], false);
	pthread_rwlock_unlock(&places[own].lock);
	while (!hp_stress_is_over()) {
		size_t i = hp_test_random(&random) % ARENAS;
		bool is_users = i < SHARED || i == own;

		use(&places[i], is_users, &random);
		if (is_users && hp_test_random(&random) % END_ONE_IN == 0)
			end(&places[i], i < SHARED, &random);
		if (number == 0 && hp_test_random(&random) % 500 == 0)
			hp_trim(0);
		if (number == 1 && hp_test_random(&random) % 500 == 0)
			hp_thread_idle();
		hp_stress_free(hp_stress_take(100));
	}
	pthread_rwlock_wrlock(&places[own].lock);
	hp_arena_destroy(places[own].arena);
	for (size_t i = 0; i < BOARD; i++)
		atomic_store(&places[own].board[i], NULL);
	pthread_rwlock_unlock(&places[own].lock);
	return NULL;
}

static void begin(void)
{
	hp_stress_begin();
	for (size_t i = 0; i < ARENAS; i++) {
		pthread_rwlock_init(&places[i].lock, NULL);
		if (i < SHARED)
			make(&places[i], true);
	}
}

static void arenas_are_used_and_ended_by_all_threads(void)
{
	begin();
	hp_stress_run(THREADS, run);
	for (size_t i = 0; i < SHARED; i++)
		hp_arena_destroy(places[i].arena);
	g_test_message("%u resets and ends", atomic_load(&ends));
	g_assert_cmpuint(atomic_load(&ends), >=, 1);
	hp_stress_end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/arenas/arenas-are-used-and-ended-by-all-threads",
			arenas_are_used_and_ended_by_all_threads);
	return g_test_run();
}

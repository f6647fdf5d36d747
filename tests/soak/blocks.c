/* Blocks of all kinds and sizes, that say themselves what they hold, and the board. */
#include <pthread.h>
#include <string.h>

#include "soak/soak.h"

/* Bytes of a longer block that are filled and checked at both ends. */
#define EDGE_BYTES ((size_t)4096)

enum {
	BOARD = 4096,
	LIVE_MAX_MIB = 256,
};

/* At the start of each block. */
struct head {
	uint64_t bytes, seed;
};

static _Atomic(void *) board[BOARD];
static _Atomic size_t live_bytes;

/*
 * Whoever exchanges a block reads, who forks writes. A copied child has other threads' unlocked
 * writes as of the copy, and the board as of the fork: without this lock it could find a block
 * there without what it was filled with.
 */
static pthread_rwlock_t forking = PTHREAD_RWLOCK_INITIALIZER;

static size_t random_bytes(uint64_t *random)
{
	uint64_t kind = hp_test_random(random) % 4096;
	size_t limit = 1024;

	if (atomic_load_explicit(&live_bytes, memory_order_relaxed) > LIVE_MAX_MIB * HP_MIB)
		limit = 64;
	else if (kind == 0)
		limit = 48 * HP_MIB;
	else if (kind < 32)
		limit = 3 * HP_MIB;
	else if (kind < 512)
		limit = 100 * HP_KIB;
	return sizeof(struct head) + hp_test_random(random) % limit;
}

/* All of a short block is its end, of a longer one so much. */
static size_t edge(size_t bytes)
{
	return bytes < 2 * EDGE_BYTES ? bytes - sizeof(struct head) : EDGE_BYTES;
}

static bool has_front(size_t bytes)
{
	return bytes >= 2 * EDGE_BYTES;
}

static void *mark(void *block, size_t bytes)
{
	struct head *head = block;

	head->bytes = bytes;
	head->seed = (uintptr_t)block ^ bytes;
	hp_test_fill((char *)block + bytes - edge(bytes), edge(bytes), ~head->seed);
	if (has_front(bytes))
		hp_test_fill(head + 1, EDGE_BYTES - sizeof(*head), head->seed);
	atomic_fetch_add_explicit(&live_bytes, bytes, memory_order_relaxed);
	hp_soak_count(HP_SOAK_BLOCKS);
	return block;
}

static void demand(bool is_right, const void *block, const char *what)
{
	if (!is_right)
		g_error("block %p: %s", block, what);
}

/* A block that was filled when it was so long, by this seed. */
static void check_content(const struct head *head, uint64_t seed, size_t bytes)
{
	const char *end = (const char *)head + bytes - edge(bytes);

	if (has_front(bytes))
		demand(hp_test_is_filled(head + 1, EDGE_BYTES - sizeof(*head), seed), head,
		       "its start was changed");
	demand(hp_test_is_filled(end, edge(bytes), ~seed), head, "its end was changed");
}

void hp_soak_check(const void *block)
{
	const struct head *head = block;

	if (!head)
		return;
	demand(head->seed == ((uintptr_t)block ^ head->bytes), block, "its head was changed");
	check_content(head, head->seed, head->bytes);
}

static void check_zero(const void *block, size_t bytes)
{
	size_t part = MIN(bytes, EDGE_BYTES);

	demand(hp_test_is_zero(block, part), block, "calloc: not zero at the start");
	demand(hp_test_is_zero((const char *)block + bytes - part, part), block,
	       "calloc: not zero at the end");
}

void *hp_soak_take(uint64_t *random)
{
	size_t bytes = random_bytes(random);
	uint64_t kind = hp_test_random(random) % 16;
	size_t align = (size_t)16 << hp_test_random(random) % (kind == 0 ? 12 : 4);
	void *block;

	if (kind < 2)
		block = hp_aligned_alloc(align, bytes);
	else if (kind < 5)
		block = hp_calloc(1, bytes);
	else
		block = hp_malloc(bytes);
	block = hp_test_opaque(block);
	if (!block) {
		hp_soak_count(HP_SOAK_REFUSED);
		return NULL;
	}
	if (kind < 2)
		demand((uintptr_t)block % align == 0, block, "not aligned");
	else if (kind < 5)
		check_zero(block, bytes);
	return mark(block, bytes);
}

static void forget(const struct head *head)
{
	atomic_fetch_sub_explicit(&live_bytes, head->bytes, memory_order_relaxed);
}

void hp_soak_free(void *block)
{
	hp_soak_check(block);
	if (block)
		forget(block);
	hp_free(block);
}

void *hp_soak_resize(void *block, uint64_t *random)
{
	size_t bytes = random_bytes(random);
	struct head old;
	struct head *moved;

	if (!block)
		return NULL;
	hp_soak_check(block);
	memcpy(&old, block, sizeof(old));
	moved = hp_realloc(block, bytes);
	if (!moved) {
		hp_soak_count(HP_SOAK_REFUSED);
		hp_soak_check(block);
		return block;
	}
	demand(moved->bytes == old.bytes && moved->seed == old.seed, moved, "realloc lost it");
	if (bytes >= old.bytes)
		check_content(moved, old.seed, old.bytes);
	forget(&old);
	return mark(moved, bytes);
}

static void hold_board(void)
{
	g_assert_cmpint(pthread_rwlock_wrlock(&forking), ==, 0);
}

static void let_board(void)
{
	g_assert_cmpint(pthread_rwlock_unlock(&forking), ==, 0);
}

static void renew_board(void)
{
	forking = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
}

void hp_soak_board_init(void)
{
	g_assert_cmpint(pthread_atfork(hold_board, let_board, renew_board), ==, 0);
}

void *hp_soak_exchange(void *block, uint64_t *random)
{
	void *found;

	g_assert_cmpint(pthread_rwlock_rdlock(&forking), ==, 0);
	found = atomic_exchange(&board[hp_test_random(random) % BOARD], block);
	g_assert_cmpint(pthread_rwlock_unlock(&forking), ==, 0);
	return found;
}

void hp_soak_clear_board(void)
{
	for (size_t i = 0; i < BOARD; i++)
		hp_soak_free(atomic_exchange(&board[i], NULL));
}

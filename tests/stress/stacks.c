/*
 * The table of stacks of a profile: threads add the same stacks at once, and stacks of their own,
 * until it is full, while others walk. Nothing is counted twice or lost, and no stack is seen half.
 */
#include <stdatomic.h>

#include "profile/stacks.h"
#include "stress.h"

enum {
	SOURCES = 6,
	WALKERS = 2,
	SHARED = 700, /* stacks that all threads add */
	ROUNDS = 60,  /* times that each does */
	ALONE = 6000, /* stacks that one thread adds: with the others more than there is room */
	BYTES = 1000,
};

static atomic_uint sources_left = SOURCES;

/* A stack says itself what it is: its depth and each frame follow from the first. */
static unsigned depth_of(uintptr_t first)
{
	return (unsigned)(first % HP_STACKS_FRAMES) + 1;
}

static void fill(uintptr_t frames[HP_STACKS_FRAMES], uintptr_t first)
{
	for (unsigned i = 0; i < HP_STACKS_FRAMES; i++)
		frames[i] = i < depth_of(first) ? first + i * 0x10001 : 0;
}

static void check(const uintptr_t *frames)
{
	uintptr_t expected[HP_STACKS_FRAMES];

	if (!frames[0])
		return; /* the rest */
	fill(expected, frames[0]);
	g_assert_cmpmem(frames, sizeof(expected), expected, sizeof(expected));
}

/* With a mean of one byte a sample counts as one. */
static void add(uintptr_t first, bool is_freed)
{
	uintptr_t frames[HP_STACKS_FRAMES];
	struct hp_stacks_entry *entry;

	fill(frames, first);
	entry = hp_stacks_add(frames, BYTES, 1);
	if (is_freed)
		hp_stacks_remove(entry, BYTES, 1);
}

static void add_all(size_t number)
{
	for (size_t round = 0; round < ROUNDS; round++) {
		for (uintptr_t stack = 0; stack < SHARED; stack++)
			add(0x1000 + stack, (stack + round) % 2);
		for (uintptr_t stack = 0; stack < ALONE / ROUNDS; stack++)
			add((number + 1) << 20 | (round * ALONE / ROUNDS + stack), false);
	}
	atomic_fetch_sub(&sources_left, 1);
}

static void walk(void)
{
	struct hp_stacks_counts counts;
	const uintptr_t *frames;

	for (size_t i = 0; (frames = hp_stacks_get(i, &counts)); i++) {
		if (!counts.allocated)
			continue;
		check(frames);
		g_assert_cmpuint(counts.freed, <=, counts.allocated);
	}
}

static void *run(void *number)
{
	if ((size_t)number < SOURCES) {
		add_all((size_t)number);
		return NULL;
	}
	while (atomic_load(&sources_left))
		walk();
	return NULL;
}

static void threads_add_and_others_walk(void)
{
	uint64_t objects = 0, bytes = 0, freed = 0, rest = 0;
	struct hp_stacks_counts counts;
	const uintptr_t *frames;

	g_assert_true(hp_stacks_init());
	hp_stress_run(SOURCES + WALKERS, run);
	for (size_t i = 0; (frames = hp_stacks_get(i, &counts)); i++) {
		if (counts.allocated)
			check(frames);
		if (frames[0] >= 0x1000 && frames[0] < 0x1000 + SHARED && counts.allocated)
			g_assert_cmpuint(counts.allocated, ==, SOURCES * ROUNDS * HP_STACKS_ONE);
		if (!frames[0])
			rest += counts.allocated;
		objects += counts.allocated;
		bytes += counts.allocated_bytes;
		freed += counts.freed;
	}
	g_assert_cmpuint(objects, ==, SOURCES * (ROUNDS * SHARED + ALONE) * HP_STACKS_ONE);
	g_assert_cmpuint(bytes, ==, (uint64_t)SOURCES * (ROUNDS * SHARED + ALONE) * BYTES);
	g_assert_cmpuint(freed, ==, SOURCES * ROUNDS * SHARED / 2 * HP_STACKS_ONE);
	g_assert_cmpuint(rest, >, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stacks/threads-add-and-others-walk", threads_add_and_others_walk);
	return g_test_run();
}

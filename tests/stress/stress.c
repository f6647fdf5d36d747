/* See stress.h. */
#include "stress.h"

#include <pthread.h>

/* At the start of each block; the pattern fills the rest. */
struct head {
	uint64_t bytes, seed;
};

static double end_seconds;

void hp_stress_begin(void)
{
	const char *text = g_getenv("HP_STRESS_SECONDS");

	end_seconds = hp_test_seconds();
	end_seconds += text ? g_ascii_strtod(text, NULL) : hp_test_is_full() ? 60 : 2;
}

bool hp_stress_is_over(void)
{
	return hp_test_seconds() >= end_seconds;
}

void hp_stress_run(size_t count, void *(*body)(void *number))
{
	pthread_t threads[HP_STRESS_THREADS_MAX];

	g_assert_cmpuint(count, <=, HP_STRESS_THREADS_MAX);
	for (size_t i = 0; i < count; i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, body, (void *)i), ==, 0);
	for (size_t i = 0; i < count; i++)
		g_assert_cmpint(pthread_join(threads[i], NULL), ==, 0);
}

void hp_stress_end(void)
{
	struct hp_stats stats;

	hp_trim(0);
	stats = hp_test_stats();
	g_assert_cmpuint(stats.in_use_bytes, ==, 0);
	g_assert_cmpuint(stats.heap_bytes, <=, 8 * HP_MIB);
	g_assert_cmpuint(stats.idle_bytes, ==, 0);
}

static void *mark(void *block, size_t bytes)
{
	struct head *head = hp_test_opaque(block);

	g_assert_nonnull(head);
	head->bytes = bytes;
	head->seed = (uintptr_t)block ^ bytes;
	hp_test_fill(head + 1, bytes - sizeof(*head), head->seed);
	return head;
}

void *hp_stress_take(size_t bytes)
{
	return mark(hp_malloc(bytes), bytes);
}

void *hp_stress_take_aligned(size_t align, size_t bytes)
{
	void *block = hp_aligned_alloc(align, bytes);

	g_assert_cmpuint((uintptr_t)hp_test_opaque(block) % align, ==, 0);
	return mark(block, bytes);
}

void hp_stress_check(void *block)
{
	const struct head *head = block;

	if (!head)
		return;
	g_assert_cmpuint(head->seed, ==, (uintptr_t)block ^ head->bytes);
	g_assert_true(hp_test_is_filled(head + 1, head->bytes - sizeof(*head), head->seed));
}

void hp_stress_free(void *block)
{
	hp_stress_check(block);
	hp_free(block);
}

void *hp_stress_resize(void *block, size_t bytes)
{
	struct head *head = block;
	struct head old = *head;
	size_t kept = MIN(old.bytes, bytes) - sizeof(old);

	hp_stress_check(block);
	head = hp_realloc(block, bytes);
	g_assert_nonnull(head);
	g_assert_cmpuint(head->seed, ==, old.seed);
	g_assert_true(hp_test_is_filled(head + 1, kept, old.seed));
	return mark(head, bytes);
}

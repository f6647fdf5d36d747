/*
 * What a thread kept ready is there for the next one, when threads come and go; and goes back after
 * the decay, at a trim, or when somebody frees a block that it left behind.
 */
#include <pthread.h>

#include "support.h"

enum { ROUNDS = 20, TEAM = 8, CLASSES = 8, EACH = 64, DECAY_MS = 50, LEFT_BYTES = 48 };

static void use_eight_classes(void)
{
	void *blocks[CLASSES][EACH];

	for (size_t i = 0; i < CLASSES; i++) {
		for (size_t j = 0; j < EACH; j++) {
			blocks[i][j] = hp_malloc((size_t)16 << i);
			hp_test_fill(blocks[i][j], (size_t)16 << i, i + j);
		}
	}
	for (size_t i = 0; i < CLASSES; i++) {
		for (size_t j = 0; j < EACH; j++) {
			g_assert_true(hp_test_is_filled(blocks[i][j], (size_t)16 << i, i + j));
			hp_free(blocks[i][j]);
		}
	}
}

static void *work(void *unused)
{
	(void)unused;
	use_eight_classes();
	return NULL;
}

static void *work_and_leave_one(void *unused)
{
	(void)unused;
	use_eight_classes();
	return hp_malloc(LEFT_BYTES);
}

/* One after the other; what the last one returned. The caller has an arena before they do. */
static void *run(size_t count, void *(*body)(void *))
{
	void *result = NULL;
	pthread_t thread;

	hp_free(hp_malloc(1));
	for (size_t i = 0; i < count; i++) {
		g_assert_cmpint(pthread_create(&thread, NULL, body, NULL), ==, 0);
		g_assert_cmpint(pthread_join(thread, &result), ==, 0);
	}
	return result;
}

static void the_next_thread_takes_it(void)
{
	uint64_t taken;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=3600000"))
		return;
	run(4, work);
	taken = hp_test_stats().slabs_taken;
	g_assert_cmpuint(taken, >=, CLASSES);
	run(ROUNDS, work);
	g_assert_cmpuint(hp_test_stats().slabs_taken, <=, taken + ROUNDS);
}

static void a_trim_gives_it_back(void)
{
	uint64_t empty;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=3600000"))
		return;
	run(0, NULL);
	empty = hp_test_stats().empty_bytes;
	run(4, work);
	g_assert_cmpuint(hp_test_stats().empty_bytes, >=, empty + CLASSES * 16 * HP_KIB);
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().empty_bytes, <=, empty);
}

/* Some thread has to pass slow paths: nobody else looks at the clock. */
static void so_does_the_decay(void)
{
	uint64_t kept;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=50"))
		return;
	run(4, work);
	kept = hp_test_stats().empty_bytes;
	g_usleep(4 * DECAY_MS * 1000);
	for (size_t i = 0; i < 100000; i++)
		hp_free(hp_malloc(200 * HP_KIB));
	g_assert_cmpuint(hp_test_stats().empty_bytes + CLASSES / 2 * 16 * HP_KIB, <=, kept);
}

static void so_does_a_free_of_what_it_left(void)
{
	uint64_t kept;
	void *left;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=3600000"))
		return;
	run(4, work);
	left = run(1, work_and_leave_one);
	kept = hp_test_stats().empty_bytes;
	hp_free(left);
	hp_thread_idle(); /* hands it over now */
	g_assert_cmpuint(hp_test_stats().empty_bytes + CLASSES / 2 * 16 * HP_KIB, <=, kept);
}

static void *come_and_go(void *unused)
{
	(void)unused;
	run(ROUNDS, work);
	hp_free(run(1, work_and_leave_one));
	return NULL;
}

/* All at once, with trims between; for ThreadSanitizer. Few keep something at a time. */
static void many_come_and_go(void)
{
	pthread_t team[TEAM];

	if (!hp_test_fresh("HPALLOC_DECAY_MS=1"))
		return;
	for (size_t i = 0; i < TEAM; i++)
		g_assert_cmpint(pthread_create(&team[i], NULL, come_and_go, NULL), ==, 0);
	for (size_t i = 0; i < 20; i++)
		hp_trim(0);
	for (size_t i = 0; i < TEAM; i++)
		g_assert_cmpint(pthread_join(team[i], NULL), ==, 0);
	g_assert_cmpuint(hp_test_stats().empty_bytes, <=, 4 * HP_MIB);
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().in_use_blocks, <=, 64);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/threads-kept/the-next-thread-takes-it", the_next_thread_takes_it);
	g_test_add_func("/threads-kept/a-trim-gives-it-back", a_trim_gives_it_back);
	g_test_add_func("/threads-kept/so-does-the-decay", so_does_the_decay);
	g_test_add_func("/threads-kept/so-does-a-free-of-what-it-left",
			so_does_a_free_of_what_it_left);
	g_test_add_func("/threads-kept/many-come-and-go", many_come_and_go);
	return g_test_run();
}

/*
 * What a thread kept ready is there for the next one, when threads come and go; and goes back after
 * the decay, at a trim, or when somebody frees a block that it left behind.
 */
#include <pthread.h>

#include "support.h"

enum {
	ROUNDS = 20,
	TEAM = 8,
	CLASSES = 8,
	EACH = 64,
	LEFT_BYTES = 48,
	DECAY_MS = 50,
	KEEPERS = 4,		  /* threads that leave something, at most */
	SWARM = 64 + 2 * KEEPERS, /* threads that leave more empty arenas than are kept */
	MANY = 4096,		  /* blocks of more slabs than a thread keeps empty */
	MANY_BYTES = 4096,
	HANDED = 50000, /* blocks that fill an outbox again and again */
};

#define SLABS_BYTES ((size_t)CLASSES * 16 * HP_KIB)

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
	g_assert_cmpuint(hp_test_stats().empty_bytes, >=, empty + SLABS_BYTES);
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
	g_assert_cmpuint(hp_test_stats().empty_bytes + SLABS_BYTES / 2, <=, kept);
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
	g_assert_cmpuint(hp_test_stats().empty_bytes + SLABS_BYTES / 2, <=, kept);
}

static pthread_barrier_t gathering; /* of threads that run at once */
static pthread_barrier_t handing;   /* of threads that have handed over, and the one that frees */

static void start_at_once(pthread_t *threads, unsigned count, void *(*body)(void *))
{
	for (unsigned i = 0; i < count; i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, body, (void *)(uintptr_t)i), ==,
				0);
}

static void join_all(const pthread_t *threads, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		g_assert_cmpint(pthread_join(threads[i], NULL), ==, 0);
}

/* Each has an arena of its own. */
static void run_at_once(unsigned count, void *(*body)(void *))
{
	pthread_t threads[SWARM];

	pthread_barrier_init(&gathering, NULL, count);
	start_at_once(threads, count, body);
	join_all(threads, count);
	pthread_barrier_destroy(&gathering);
}

/* What is taken again is kept. */
static void *work_twice_and_gather(void *unused)
{
	(void)unused;
	use_eight_classes();
	use_eight_classes();
	pthread_barrier_wait(&gathering);
	return NULL;
}

/* The threads that come later all adopt the same arena: it is kept anew each time, no other is. */
static void the_decay_is_of_each_arena(void)
{
	double give_up = hp_test_seconds() + 20;
	uint64_t kept;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=200"))
		return;
	run(0, NULL);
	run_at_once(KEEPERS, work_twice_and_gather);
	kept = hp_test_stats().empty_bytes;
	g_assert_cmpuint(kept, >=, KEEPERS * SLABS_BYTES);
	while (hp_test_stats().empty_bytes + (KEEPERS - 1) * SLABS_BYTES > kept) {
		g_assert_cmpfloat(hp_test_seconds(), <, give_up);
		run(1, work);
		for (size_t i = 0; i < 100; i++)
			hp_free(hp_malloc(200 * HP_KIB));
		hp_test_sleep_ms(1);
	}
}

static void *handed[HANDED];

static void *take_what_is_handed(void *unused)
{
	(void)unused;
	for (size_t i = 0; i < HANDED; i++)
		handed[i] = hp_malloc(16);
	pthread_barrier_wait(&handing);
	pthread_barrier_wait(&handing);
	return NULL;
}

/* Handing over is a slow path, too. */
static void who_frees_for_others_looks_at_the_decay(void)
{
	pthread_t thread;
	uint64_t kept;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=50"))
		return;
	pthread_barrier_init(&handing, NULL, 2);
	start_at_once(&thread, 1, take_what_is_handed);
	pthread_barrier_wait(&handing);
	run(4, work);
	kept = hp_test_stats().empty_bytes;
	g_usleep(4 * DECAY_MS * 1000);
	for (size_t i = 0; i < HANDED; i++)
		hp_free(handed[i]);
	g_assert_cmpuint(hp_test_stats().empty_bytes + SLABS_BYTES / 2, <=, kept);
	pthread_barrier_wait(&handing);
	join_all(&thread, 1);
}

static void *many[KEEPERS][MANY];

/* All but what it keeps is freed by another thread, and comes home when it ends. */
static void *take_many(void *number)
{
	void **blocks = many[(uintptr_t)number];

	use_eight_classes();
	use_eight_classes();
	for (size_t i = 0; i < MANY; i++)
		blocks[i] = hp_malloc(MANY_BYTES);
	pthread_barrier_wait(&handing);
	pthread_barrier_wait(&handing);
	return NULL;
}

static void *take_one_and_gather(void *unused)
{
	(void)unused;
	hp_free(hp_malloc(1));
	pthread_barrier_wait(&gathering);
	return NULL;
}

static void free_many(void)
{
	for (size_t i = 0; i < KEEPERS; i++) {
		for (size_t j = 0; j < MANY; j++)
			hp_free(many[i][j]);
	}
	hp_thread_idle();
}

/*
 * So much comes home to threads at their end that they keep nothing after all; and of empty arenas
 * there are enough, so that theirs retire. Others may keep something in their place.
 */
static void who_keeps_nothing_takes_no_place(void)
{
	pthread_t threads[KEEPERS];
	uint64_t taken;

	if (!hp_test_fresh("HPALLOC_DECAY_MS=3600000"))
		return;
	run(0, NULL);
	pthread_barrier_init(&handing, NULL, KEEPERS + 1);
	start_at_once(threads, KEEPERS, take_many);
	pthread_barrier_wait(&handing);
	run_at_once(SWARM, take_one_and_gather);
	free_many();
	pthread_barrier_wait(&handing);
	join_all(threads, KEEPERS);
	run(4, work);
	taken = hp_test_stats().slabs_taken;
	run(ROUNDS, work);
	g_assert_cmpuint(hp_test_stats().slabs_taken, <=, taken + ROUNDS);
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
	g_test_add_func("/threads-kept/the-decay-is-of-each-arena", the_decay_is_of_each_arena);
	g_test_add_func("/threads-kept/who-frees-for-others-looks-at-the-decay",
			who_frees_for_others_looks_at_the_decay);
	g_test_add_func("/threads-kept/who-keeps-nothing-takes-no-place",
			who_keeps_nothing_takes_no_place);
	g_test_add_func("/threads-kept/many-come-and-go", many_come_and_go);
	return g_test_run();
}

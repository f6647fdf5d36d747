/*
 * HPALLOC_TRACE: complete for all threads, in their order, with who called; whoever ends how and
 * when.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "os/os.h"
#include "rt/recorder.h"
#include "traced.h"

enum {
	THREADS = 8,
	ROUNDS = 6000,
	SIZES = 1000,
	SIZE_FIRST = 5000,  /* and the thread: what it allocates first */
	SIZE_PASSED = 7000, /* and the thread: what it hands to the next one */
	SIZE_LATE = 4321,
	FUNCTION_BYTES = 200,
};

/* Before the library's constructor: when the trace begins, this thread has its arena. */
static void *early;

__attribute__((constructor(101))) static void allocate_early(void)
{
	early = hp_malloc(100);
}

/* ---- eight threads ---- */

static _Atomic(void *) passed[THREADS];

static void *work(void *number)
{
	size_t thread = (size_t)number;
	void *first = hp_malloc(SIZE_FIRST + thread);

	for (size_t i = 0; i < ROUNDS; i++) {
		void *block = hp_malloc(i % SIZES);

		block = hp_realloc(block, i % SIZES + 300);
		if (i % 5 == 0)
			hp_free(atomic_exchange(&passed[(thread + 1) % THREADS],
						hp_calloc(1, SIZE_PASSED + thread)));
		hp_free(block);
	}
	hp_free(first);
	return NULL;
}

static void run_threads(void)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, work, (void *)i), ==, 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < THREADS; i++)
		hp_free(atomic_exchange(&passed[i], NULL));
}

/* Where a thread is in work(). */
struct place {
	size_t round;
	unsigned step;
	uint64_t block;
};

static void follow(struct place *place, const struct hp_tape_event *event, size_t thread)
{
	switch (place->step) {
	case 0:
		g_assert_cmpint(event->op, ==, HP_TRACE_MALLOC);
		g_assert_cmpuint(event->bytes, ==, place->round % SIZES);
		break;
	case 1:
		g_assert_cmpint(event->op, ==, HP_TRACE_REALLOC);
		g_assert_cmpuint(event->old, ==, place->block);
		g_assert_cmpuint(event->bytes, ==, place->round % SIZES + 300);
		break;
	case 2:
		g_assert_cmpint(event->op, ==, HP_TRACE_CALLOC);
		g_assert_cmpuint(event->bytes, ==, SIZE_PASSED + thread);
		return;
	default:
		g_assert_cmpint(event->op, ==, HP_TRACE_FREE);
		g_assert_cmpuint(event->address, ==, place->block);
		return;
	}
	place->block = event->address;
}

/* Each event of work() once, in its order; of a block that was passed on, free or none. */
static void check_thread(const struct hp_traced *traced, uint32_t number, size_t thread)
{
	struct place place = { 0 };
	size_t others = 0;

	for (size_t i = 0; i < traced->count; i++) {
		const struct hp_tape_event *event = &traced->steps[i].event;

		if (event->thread != number || event->bytes == SIZE_FIRST + thread ||
		    place.round == ROUNDS)
			continue;
		if (event->op == HP_TRACE_FREE && place.step == 3 &&
		    event->address != place.block) {
			others++;
			continue;
		}
		follow(&place, event, thread);
		place.step = (place.step + 1) % 4;
		if (place.step == 2 && place.round % 5 != 0)
			place.step = 3;
		place.round += place.step == 0;
	}
	g_assert_cmpuint(place.round, ==, ROUNDS);
	g_assert_cmpuint(others, <=, ROUNDS / 5);
}

static void every_event_of_eight_threads_is_there_once(gconstpointer environment)
{
	struct hp_traced traced;
	size_t found = 0;

	if (hp_traced_fresh(&traced, environment)) {
		run_threads();
		return;
	}
	hp_traced_read(&traced, "");
	g_assert_true(traced.tape.has_end);
	g_assert_cmpuint(traced.tape.read_bytes, ==, traced.tape.size);
	g_assert_cmpuint(traced.inherited + traced.overtaken + traced.skipped, ==, 0);
	for (size_t i = 0; i < traced.count; i++) {
		const struct hp_tape_event *event = &traced.steps[i].event;

		if (event->op == HP_TRACE_MALLOC && event->bytes >= SIZE_FIRST &&
		    event->bytes < SIZE_FIRST + THREADS) {
			check_thread(&traced, event->thread, event->bytes - SIZE_FIRST);
			found++;
		}
	}
	g_assert_cmpuint(found, ==, THREADS);
	g_test_message("%.1f bytes an event", (double)traced.tape.size / (double)traced.count);
	g_assert_cmpfloat((double)traced.tape.size, <=, 12.0 * (double)traced.count);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

/* ---- ends of threads and programs ---- */

static void *allocate_and_sleep(void *unused)
{
	(void)unused;
	for (size_t i = 0; i < 100; i++)
		hp_free(hp_malloc(SIZE_LATE));
	atomic_store(&passed[0], &passed);
	for (;;)
		pause();
	return NULL;
}

static void a_thread_that_never_ends_is_written_at_exit(void)
{
	struct hp_traced traced;
	pthread_t thread;

	if (hp_traced_fresh(&traced, "")) {
		g_assert_cmpint(pthread_create(&thread, NULL, allocate_and_sleep, NULL), ==, 0);
		while (!atomic_load(&passed[0]))
			hp_test_sleep_ms(1);
		return;
	}
	hp_traced_read(&traced, "");
	g_assert_cmpuint(hp_traced_count(&traced, SIZE_LATE), ==, 100);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

static void *allocate_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		hp_free(hp_malloc(100));
	return NULL;
}

/* Threads go on while the program exits: what is there is whole, and in order. */
static void an_exit_amid_allocations_leaves_a_whole_file(void)
{
	struct hp_traced traced;
	pthread_t thread;

	if (hp_traced_fresh(&traced, "")) {
		for (size_t i = 0; i < 3; i++)
			g_assert_cmpint(pthread_create(&thread, NULL, allocate_for_ever, NULL), ==,
					0);
		hp_test_sleep_ms(20);
		return;
	}
	hp_traced_read(&traced, "");
	g_assert_true(traced.tape.has_end);
	g_assert_cmpuint(traced.inherited + traced.overtaken + traced.skipped, ==, 0);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

static void allocate_again(void *block)
{
	hp_free(block);
	hp_free(hp_malloc(SIZE_LATE));
}

static void *end_late(void *key)
{
	pthread_setspecific(*(pthread_key_t *)key, hp_malloc(SIZE_LATE + 1));
	return NULL;
}

/* Our destructor was the first: those of the program come after it. */
static void what_a_thread_does_after_its_end_is_recorded(void)
{
	struct hp_traced traced;
	pthread_key_t key;
	pthread_t thread;

	if (hp_traced_fresh(&traced, "")) {
		g_assert_cmpint(pthread_key_create(&key, allocate_again), ==, 0);
		g_assert_cmpint(pthread_create(&thread, NULL, end_late, &key), ==, 0);
		pthread_join(thread, NULL);
		return;
	}
	hp_traced_read(&traced, "");
	g_assert_cmpuint(hp_traced_count(&traced, SIZE_LATE), ==, 1);
	g_assert_cmpuint(hp_traced_count(&traced, SIZE_LATE + 1), ==, 1);
	g_assert_cmpuint(traced.inherited + traced.overtaken + traced.skipped, ==, 0);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

static void a_killed_program_leaves_all_full_blocks(void)
{
	const size_t most_in_a_block = HP_RECORDER_BYTES / 3;
	struct hp_traced traced;
	char *text;

	if (g_test_subprocess()) {
		for (size_t i = 0; i < 100000; i++)
			hp_free(hp_malloc(SIZE_LATE));
		raise(SIGKILL);
	}
	hp_traced_init(&traced);
	text = g_strdup_printf("HPALLOC_TRACE=%s", traced.path);
	g_assert_false(hp_test_trapped(text));
	g_free(text);
	g_assert_false(g_test_trap_has_passed());
	hp_traced_read(&traced, "");
	g_assert_false(traced.tape.has_end);
	g_assert_cmpuint(traced.tape.read_bytes, ==, traced.tape.size);
	g_assert_cmpuint(traced.count, >=, 200000 - most_in_a_block);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

/* ---- what is recorded ---- */

/* Not in the caller's place by its own tail call, nor inlined. */
__attribute__((noinline)) static void *leak(void)
{
	void *block = hp_malloc(SIZE_LATE);

	__asm__ volatile("" : "+r"(block));
	return block;
}

__attribute__((noinline)) static void *leak_aligned(void)
{
	void *block = NULL;

	g_assert_cmpint(hp_posix_memalign(&block, 64, SIZE_LATE + 1), ==, 0);
	return block;
}

static bool is_from(const struct hp_traced *traced, uint64_t bytes, uintptr_t offset)
{
	for (size_t i = 0; i < traced->count; i++) {
		const struct hp_tape_event *event = &traced->steps[i].event;

		if (event->bytes != bytes)
			continue;
		for (size_t j = 0; j < traced->tape.module_count; j++) {
			const struct hp_tape_module *module = &traced->tape.modules[j];
			uint64_t at = event->caller - module->where.first + module->where.offset;

			if (event->caller >= module->where.first &&
			    event->caller < module->where.end && at - offset < FUNCTION_BYTES)
				return true;
		}
	}
	return false;
}

static uintptr_t offset_of(const void *function)
{
	uintptr_t offset;
	char path[512];

	g_assert_true(hp_os_module_of(function, path, sizeof(path), &offset));
	return offset;
}

static void the_caller_is_who_called(void)
{
	struct hp_traced traced;

	if (HP_TEST_TSAN || HP_TEST_ASAN) {
		hp_test_skip("with a sanitizer our calls are no jumps, and the caller is our own");
		return;
	}
	if (hp_traced_fresh(&traced, "")) {
		for (int i = 0; i < 3; i++) {
			leak();
			leak_aligned();
		}
		return;
	}
	hp_traced_read(&traced, "");
	g_assert_true(is_from(&traced, SIZE_LATE, offset_of((const void *)leak)));
	g_assert_true(is_from(&traced, SIZE_LATE + 1, offset_of((const void *)leak_aligned)));
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

static void errno_is_kept(void)
{
	struct hp_traced traced;

	if (hp_traced_fresh(&traced, "")) {
		errno = 4711;
		for (size_t i = 0; i < 50000; i++)
			hp_free(hp_realloc(hp_malloc(i % 3000), 500));
		g_assert_cmpint(errno, ==, 4711);
		g_assert_null(hp_malloc(PTRDIFF_MAX));
		g_assert_cmpint(errno, ==, ENOMEM);
		return;
	}
	hp_traced_read(&traced, "");
	g_assert_cmpuint(traced.steps[traced.count - 1].event.address, ==, 0);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/trace/every-event-of-eight-threads-is-there-once", "",
			     every_event_of_eight_threads_is_there_once);
	g_test_add_data_func("/trace/so-it-is-under-hardening", "HPALLOC_HARDEN=2",
			     every_event_of_eight_threads_is_there_once);
	g_test_add_func("/trace/a-thread-that-never-ends-is-written-at-exit",
			a_thread_that_never_ends_is_written_at_exit);
	g_test_add_func("/trace/an-exit-amid-allocations-leaves-a-whole-file",
			an_exit_amid_allocations_leaves_a_whole_file);
	g_test_add_func("/trace/what-a-thread-does-after-its-end-is-recorded",
			what_a_thread_does_after_its_end_is_recorded);
	g_test_add_func("/trace/a-killed-program-leaves-all-full-blocks",
			a_killed_program_leaves_all_full_blocks);
	g_test_add_func("/trace/the-caller-is-who-called", the_caller_is_who_called);
	g_test_add_func("/trace/errno-is-kept", errno_is_kept);
	return g_test_run();
}

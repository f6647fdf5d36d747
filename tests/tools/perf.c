/*
 * What tools/perf.h counts, on events that the kernel itself makes and every machine has: a fault
 * for each page that is touched, in all threads of a process.
 */
#include <errno.h>
#include <glib.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/perf.h"

enum { PAGES = 64, MS = 300 };

static const struct hp_perf_event faults = { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS };

static void *touch_for_ever(void *unused)
{
	const size_t bytes = PAGES * (size_t)sysconf(_SC_PAGESIZE);
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (;;) {
		for (size_t i = 0; i < bytes; i += bytes / PAGES)
			*(volatile char *)&memory[i] = 1;
		madvise(memory, bytes, MADV_DONTNEED);
		g_usleep(1000);
	}
	return unused;
}

/* A process of so many threads that touch pages, beside one that waits. */
static int start(unsigned threads)
{
	int pid = fork();

	g_assert_cmpint(pid, >=, 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned i = 0; i < threads; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, touch_for_ever, NULL);
	}
	for (;;)
		pause();
}

static void stop(int pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Of a process that does the same all the time; -1 where nothing may be counted. */
static int64_t count_of(unsigned threads)
{
	int pid = start(threads), error;
	uint64_t counts[2] = { 0 };

	g_usleep(100 * 1000);
	error = hp_perf_count(pid, MS, (struct hp_perf_event[]){ faults, faults }, 2, counts);
	stop(pid);
	if (error) {
		g_test_skip("this kernel does not let events be counted");
		return -1;
	}
	/* Two counters of one event differ by what happens between their starts. */
	g_assert_cmpuint(counts[0], <=, counts[1] + counts[1] / 4 + PAGES);
	g_assert_cmpuint(counts[1], <=, counts[0] + counts[0] / 4 + PAGES);
	return (int64_t)counts[0];
}

static void test_threads(void)
{
	int64_t one = count_of(1);

	if (one < 0)
		return;
	g_assert_cmpint(one, >=, PAGES);
	g_assert_cmpint(count_of(4), >=, 4 * PAGES);
}

/* The first thread alone waits. */
static void test_idle(void)
{
	g_assert_cmpint(count_of(0), <, PAGES);
}

static void test_failures(void)
{
	const struct hp_perf_event none = { 0xffffff, 0 };
	uint64_t counts[HP_PERF_EVENTS_MAX + 1] = { 77 };

	g_assert_cmpint(hp_perf_count(getpid(), 1, &none, 1, counts), <, 0);
	g_assert_cmpint(hp_perf_count(0x7ffffff0, 1, &faults, 1, counts), ==, -ENOENT);
	g_assert_cmpint(hp_perf_count(getpid(), 1, &faults, HP_PERF_EVENTS_MAX + 1, counts), ==,
			-EINVAL);
	g_assert_cmpuint(counts[0], ==, 77);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/perf/threads", test_threads);
	g_test_add_func("/perf/idle", test_idle);
	g_test_add_func("/perf/failures", test_failures);
	return g_test_run();
}

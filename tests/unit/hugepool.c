/* See hugepool.h. */
#include "hugepool.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define LOCK "/tmp/hp-pool.lock" /* tests/preload/pool.py takes the same */

static pid_t guardian;
static int guardian_pipe;

static unsigned read_number(const char *path)
{
	unsigned number = 0;
	FILE *file = fopen(path, "re");

	if (!file || fscanf(file, "%u", &number) != 1)
		number = 0;
	if (file)
		fclose(file);
	return number;
}

static bool write_number(const char *path, unsigned number)
{
	FILE *file = fopen(path, "we");
	bool is_written = file && fprintf(file, "%u", number) > 0;

	if (file && fclose(file) != 0)
		is_written = false;
	return is_written;
}

static int take_lock(void)
{
	int lock = open(LOCK, O_RDONLY | O_CLOEXEC);

	if (lock < 0)
		lock = open(LOCK, O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
	if (lock < 0 || flock(lock, LOCK_EX) != 0)
		return -1;
	return lock;
}

unsigned hp_test_pool_used_pages(void)
{
	unsigned free_pages = read_number(POOL "free_hugepages");

	return read_number(POOL "nr_hugepages") - free_pages;
}

/* Beside the pages that others use. Somebody who is just ending may still give some back. */
static bool fill(unsigned pages)
{
	for (int i = 0; i < 20 && hp_test_pool_free_pages() != pages; i++) {
		unsigned used = read_number(POOL "nr_hugepages") - hp_test_pool_free_pages();

		if (!write_number(POOL "nr_hugepages", used + pages))
			return false;
		if (hp_test_pool_free_pages() != pages)
			hp_test_sleep_ms(100);
	}
	return hp_test_pool_free_pages() == pages;
}

/* Says by one byte whether the pool has the size, and waits until the test closes the pipe. */
static void guard(unsigned pages, int ready, int end)
{
	unsigned old_pages, old_surplus;
	char is_set = 0;
	int lock;

	/*
	 * Meson ends a test by these, and at last kills its process group; what was found must be
	 * put back all the same.
	 */
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	lock = take_lock();
	/* Surplus pages are of processes that are ending: put back, they would stay. */
	old_pages = read_number(POOL "nr_hugepages") - read_number(POOL "surplus_hugepages");
	old_surplus = read_number(POOL "nr_overcommit_hugepages");
	if (lock >= 0 && write_number(POOL "nr_overcommit_hugepages", 0))
		is_set = fill(pages);
	if (write(ready, &is_set, 1) == 1) {
		while (read(end, &is_set, 1) > 0)
			;
	}
	write_number(POOL "nr_hugepages", old_pages);
	write_number(POOL "nr_overcommit_hugepages", old_surplus);
	_exit(0);
}

bool hp_test_pool_begin(unsigned pages)
{
	int ready[2], end[2];
	char is_set = 0;
	char *reason;

	g_assert_cmpint(pipe2(ready, O_CLOEXEC) | pipe2(end, O_CLOEXEC), ==, 0);
	guardian = fork();
	g_assert_cmpint(guardian, >=, 0);
	if (guardian == 0) {
		close(ready[0]);
		close(end[1]);
		guard(pages, ready[1], end[0]);
	}
	close(ready[1]);
	close(end[0]);
	guardian_pipe = end[1];
	if (read(ready[0], &is_set, 1) != 1)
		is_set = 0;
	close(ready[0]);
	if (is_set)
		return true;
	reason = g_strdup_printf("the hugetlb pool has %u free pages, not %u (is this root?)",
				 hp_test_pool_free_pages(), pages);
	hp_test_pool_end();
	hp_test_skip(reason);
	g_free(reason);
	return false;
}

void hp_test_pool_end(void)
{
	close(guardian_pipe);
	waitpid(guardian, NULL, 0);
}

void hp_test_pool_resize(unsigned pages)
{
	g_assert_true(write_number(POOL "nr_hugepages", pages));
}

unsigned hp_test_pool_free_pages(void)
{
	unsigned free_pages = read_number(POOL "free_hugepages");

	return free_pages - MIN(free_pages, read_number(POOL "resv_hugepages"));
}

/* One by one: what is mapped is had, and others may take some meanwhile. */
static void take_pages(unsigned leave)
{
	void *page = NULL;

	while (page != MAP_FAILED && hp_test_pool_free_pages() > leave)
		page = mmap(NULL, HP_TEST_HUGEPAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
}

pid_t hp_test_pool_drain(unsigned leave)
{
	int ready[2];
	pid_t drainer;
	char done;

	g_assert_cmpint(pipe2(ready, O_CLOEXEC), ==, 0);
	drainer = fork();
	g_assert_cmpint(drainer, >=, 0);
	if (drainer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		take_pages(leave);
		while (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	g_assert_cmpint(read(ready[0], &done, 1), ==, 1);
	close(ready[0]);
	g_assert_cmpuint(hp_test_pool_free_pages(), <=, leave);
	return drainer;
}

void hp_test_pool_undrain(pid_t drainer)
{
	kill(drainer, SIGKILL);
	waitpid(drainer, NULL, 0);
}

bool hp_test_fresh_with_pool(const char *environment, unsigned pages)
{
	char *all;

	if (g_test_subprocess())
		return true;
	if (!hp_test_pool_begin(pages))
		return false;
	all = g_strconcat("HPALLOC_BACKING=auto", *environment ? " " : "", environment, NULL);
	hp_test_fresh(all);
	g_free(all);
	hp_test_pool_end();
	return false;
}

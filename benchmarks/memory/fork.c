/*
 * Fork: how long a fork takes with one buffer in use, and then each write of the parent to a page
 * that it shares with its child, which only waits: the kernel copies what is written to. See
 * memory.h. Both depend on the size of the pages: the tables that fork copies have an entry for
 * each page, and one write copies one page.
 */
#include "memory.h"

#include <sys/wait.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

static struct {
	const struct memory_options *options;
	double fork_seconds, write_seconds; /* since they were set to 0 */
	struct memory_pages pages;
} forking;

/* A child that ends when the parent closes *out_end. */
static pid_t start_child(int *out_end)
{
	int ends[2];
	char nothing;
	pid_t child;

	bench_check(!pipe(ends), "no pipe");
	child = fork();
	bench_check(child >= 0, "no fork");
	if (child == 0) {
		close(ends[1]);
		_exit(read(ends[0], &nothing, 1) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(ends[0]);
	*out_end = ends[1];
	return child;
}

/* The buffer is a new one each time: a write leaves other pages behind than it found. */
static void fork_once(void)
{
	const struct memory_options *options = forking.options;
	char *buffer = options->backing->take(options->backing, options->bytes);
	double begin, forked;
	int end, status;
	pid_t child;

	bench_touch(buffer, options->bytes);
	forking.pages = memory_pages_of(buffer, options->bytes);
	begin = memory_cpu_now();
	child = start_child(&end);
	forked = memory_cpu_now();
	for (size_t i = 0; i < options->bytes; i += PAGE_BYTES)
		((volatile char *)buffer)[i] = 2;
	forking.write_seconds += memory_cpu_now() - forked;
	forking.fork_seconds += forked - begin;
	close(end);
	bench_check(waitpid(child, &status, 0) == child && status == 0, "the child failed");
	options->backing->give(options->backing, buffer, options->bytes);
}

static double run(size_t forks)
{
	double begin = bench_now();

	forking.fork_seconds = forking.write_seconds = 0;
	for (size_t i = 0; i < forks; i++)
		fork_once();
	return bench_now() - begin;
}

/* `write` is by 4 KB of the buffer, whatever its pages are, so that they can be compared. */
void memory_fork(const struct memory_options *options)
{
	double forks[MEMORY_REPEATS_MAX], writes[MEMORY_REPEATS_MAX];
	size_t pages = (options->bytes + PAGE_BYTES - 1) / PAGE_BYTES, count;

	forking.options = options;
	count = memory_calibrate(run, options->seconds);
	for (size_t i = 0; i < options->repeats; i++) {
		run(count);
		forks[i] = forking.fork_seconds;
		writes[i] = forking.write_seconds;
	}
	memory_report("fork", forks, options->repeats, (double)count);
	memory_report_pages("fork", forking.pages);
	memory_report("write", writes, options->repeats, (double)(count * pages));
	memory_report_pages("write", forking.pages);
}

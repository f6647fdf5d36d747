/*
 * Runs the measured command, and nothing but it, on the allocator that is measured; adds to the
 * file BENCH_REPORT what it took:
 *
 *     seconds 1.234567     from its start to its end; the median, with --repeat
 *     peak_kib 123456      the most memory that it and its children held at one time
 *
 *     bench-launch [--repeat N] COMMAND [ARGUMENT...]
 *
 * BENCH_PRELOAD is the library to preload, BENCH_SET more environment: NAME=VALUE, a line each.
 * The harness itself (a script, a client) stays on the system's allocator and is not counted.
 *
 * Memory is RSS plus HugetlbPages, which no RSS figure contains. The sum over the processes of the
 * tree is sampled every PERIOD_MS. A peak between two samples, or of a process that lives shorter
 * than that, is caught by ru_maxrss, which the kernel keeps exactly: it is a lower bound for one
 * process, huge pages left out. A program (not this one, which is small) that forks has its own
 * size as the least ru_maxrss of its children.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PERIOD_MS = 2,
	DEPTH_MAX = 16, /* of the tree of processes */
	REPEAT_MAX = 10000,
	CANNOT_RUN = 126,
};

static void fail(const char *what)
{
	fprintf(stderr, "bench-launch: %s: %s\n", what, strerror(errno));
	exit(CANNOT_RUN);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* The file's text, cut off at the size of the buffer; "" if it cannot be read. */
static void read_text(const char *path, char *text, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? -1 : read(file, text, size - 1);

	if (file >= 0)
		close(file);
	text[length > 0 ? length : 0] = '\0';
}

static size_t kib_of(const char *status, const char *key)
{
	const char *line = strstr(status, key);

	return line ? strtoul(line + strlen(key), NULL, 10) : 0;
}

/* What the process and the children of its first thread hold now. */
static size_t tree_kib(long pid, int depth)
{
	char path[64], text[8192];
	size_t kib;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	read_text(path, text, sizeof(text));
	kib = kib_of(text, "\nVmRSS:") + kib_of(text, "\nHugetlbPages:");
	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", pid, pid);
	read_text(path, text, sizeof(text));
	for (char *at = text, *end; depth < DEPTH_MAX; at = end) {
		long child = strtol(at, &end, 10);

		if (end == at)
			break;
		kib += tree_kib(child, depth + 1);
	}
	return kib;
}

/* This program's environment without BENCH_*, with what those say in the place of it. */
static void set_environment(void)
{
	const char *preload = getenv("BENCH_PRELOAD");
	char *more = getenv("BENCH_SET"), *rest = NULL;

	if (preload && *preload && setenv("LD_PRELOAD", preload, 1))
		fail("LD_PRELOAD");
	/* putenv keeps the words, which are parts of a copy that stays. */
	more = strdup(more ? more : "");
	for (char *word = strtok_r(more, "\n", &rest); word; word = strtok_r(NULL, "\n", &rest)) {
		if (strchr(word, '=') && putenv(word))
			fail(word);
	}
	unsetenv("BENCH_PRELOAD");
	unsetenv("BENCH_SET");
	unsetenv("BENCH_REPORT");
	unsetenv("BENCH_LAUNCH");
}

static pid_t start(char **command)
{
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t child;

	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	errno = posix_spawnp(&child, command[0], NULL, &attributes, command, environ);
	if (errno)
		fail(command[0]);
	posix_spawnattr_destroy(&attributes);
	return child;
}

/* Waits for the child; SIGCHLD is blocked. Raises *peak_kib. Returns its status as a shell does. */
static int wait_and_sample(pid_t child, size_t *peak_kib)
{
	const struct timespec period = { .tv_nsec = PERIOD_MS * 1000000L };
	struct rusage usage;
	sigset_t ended;
	int status;

	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	for (;;) {
		size_t kib;

		sigtimedwait(&ended, NULL, &period);
		if (wait4(child, &status, WNOHANG, &usage) == child)
			break;
		kib = tree_kib(child, 0);
		*peak_kib = kib > *peak_kib ? kib : *peak_kib;
	}
	if ((size_t)usage.ru_maxrss > *peak_kib)
		*peak_kib = (size_t)usage.ru_maxrss;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void report(const char *path, double seconds, size_t peak_kib)
{
	FILE *file = fopen(path, "ae");

	if (!file)
		fail(path);
	fprintf(file, "seconds %.6f\npeak_kib %zu\n", seconds, peak_kib);
	if (fclose(file))
		fail(path);
}

static int compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Returns the status of the last run, the first that failed. */
static int run(char **command, size_t repeat, double *median_seconds, size_t *peak_kib)
{
	static double seconds[REPEAT_MAX];
	size_t count = 0;
	int status = 0;

	while (count < repeat && status == 0) {
		double begin = now();

		status = wait_and_sample(start(command), peak_kib);
		seconds[count++] = now() - begin;
	}
	qsort(seconds, count, sizeof(*seconds), compare);
	*median_seconds = seconds[count / 2];
	return status;
}

int main(int argc, char **argv)
{
	const char *report_path = getenv("BENCH_REPORT");
	char *path = report_path ? strdup(report_path) : NULL;
	long repeat = 1;
	size_t peak_kib = 0;
	double seconds;
	sigset_t ended;
	int status;

	argv++;
	if (argc > 2 && !strcmp(argv[0], "--repeat")) {
		repeat = strtol(argv[1], NULL, 10);
		argv += 2;
	}
	if (!*argv || repeat < 1 || repeat > REPEAT_MAX || !path) {
		fputs("usage: BENCH_REPORT=FILE bench-launch [--repeat N] COMMAND [ARGUMENT...]\n",
		      stderr);
		return CANNOT_RUN;
	}
	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ended, NULL);
	set_environment();
	status = run(argv, (size_t)repeat, &seconds, &peak_kib);
	report(path, seconds, peak_kib);
	return status;
}

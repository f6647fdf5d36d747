/* See workload.h. */
#include "workload.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void bench_report(const struct bench_case *self, const char *suffix, double value, const char *unit)
{
	printf("%s%s%s %.6g %s\n", self->name, *suffix ? "." : "", suffix, value, unit);
}

void bench_report_ns(const struct bench_case *self, double seconds, double operations)
{
	bench_report(self, "", seconds * 1e9 / operations, "ns");
}

void bench_check(bool is_right, const char *what)
{
	if (is_right)
		return;
	fprintf(stderr, "workload: wrong: %s\n", what);
	exit(EXIT_FAILURE);
}

void *bench_malloc(size_t bytes)
{
	void *block = malloc(bytes);

	bench_check(block, "malloc gave NULL");
	return block;
}

void bench_touch(void *block, size_t bytes)
{
	volatile char *at = block;

	for (size_t i = 0; i < bytes; i += 4096)
		at[i] = 1;
}

void *bench_map(size_t bytes)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	bench_check(at != MAP_FAILED, "mmap gave nothing");
	madvise(at, bytes, MADV_HUGEPAGE);
	for (size_t i = 0; i < bytes; i += 4096)
		((volatile char *)at)[i] = 0;
	return at;
}

/* The number of kB behind `key` in the text of /proc/self/status; 0 if it is not there. */
static size_t status_kib(const char *text, const char *key)
{
	const char *line = strstr(text, key);

	return line ? strtoul(line + strlen(key), NULL, 10) : 0;
}

size_t bench_resident_bytes(void)
{
	char text[8192];
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);

	bench_check(length > 0, "/proc/self/status cannot be read");
	close(file);
	text[length] = '\0';
	return (status_kib(text, "\nVmRSS:") + status_kib(text, "\nHugetlbPages:")) * BENCH_KIB;
}

struct thread {
	pthread_t thread;
	pthread_barrier_t *start;
	void *(*body)(void *number);
	void *number;
	double seconds; /* when it began, then when it ended */
};

static void *start_together(void *argument)
{
	struct thread *self = argument;

	pthread_barrier_wait(self->start);
	self->body(self->number);
	self->seconds = bench_now();
	return NULL;
}

double bench_run_threads(size_t count, void *(*body)(void *number))
{
	static struct thread threads[BENCH_THREADS_MAX];
	pthread_barrier_t start;
	double begin, end = 0;

	bench_check(count <= BENCH_THREADS_MAX, "too many threads");
	if (count == 1) {
		begin = bench_now();
		body(NULL);
		return bench_now() - begin;
	}
	pthread_barrier_init(&start, NULL, (unsigned)count + 1);
	for (size_t i = 0; i < count; i++) {
		threads[i] = (struct thread){ .start = &start, .body = body, .number = (void *)i };
		bench_check(!pthread_create(&threads[i].thread, NULL, start_together, &threads[i]),
			    "no thread");
	}
	begin = bench_now();
	pthread_barrier_wait(&start);
	for (size_t i = 0; i < count; i++) {
		pthread_join(threads[i].thread, NULL);
		end = threads[i].seconds > end ? threads[i].seconds : end;
	}
	pthread_barrier_destroy(&start);
	return end - begin;
}

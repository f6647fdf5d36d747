/*
 * Fork of a heap of blocks of 1 MB, all written: to exec, as a shell or a server's helper does; to
 * write everything on both sides; to read everything in eight workers. The result is the time from
 * before the fork until the children have ended.
 */
#include "workload.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS_MAX = 2048, WORKERS_MAX = 8 };

enum deed { EXEC, WRITE, READ };

static char *blocks[BLOCKS_MAX];

static void write_all(size_t count, char value)
{
	for (size_t i = 0; i < count; i++)
		memset(blocks[i], value, BENCH_MIB);
}

static void read_all(size_t count, char value)
{
	size_t right = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t at = 0; at < BENCH_MIB; at += 64)
			right += blocks[i][at] == value;
	}
	bench_check(right == count * (BENCH_MIB / 64), "a byte was lost");
}

static void be_child(enum deed deed, size_t count)
{
	if (deed == EXEC)
		execl("/bin/true", "true", (char *)NULL);
	if (deed == WRITE)
		write_all(count, 2);
	else
		read_all(count, 1);
	_exit(0);
}

static void fork_once(enum deed deed, size_t count)
{
	size_t workers = deed == READ ? WORKERS_MAX : 1;
	int status;

	for (size_t i = 0; i < workers; i++) {
		pid_t child = fork();

		bench_check(child >= 0, "no fork");
		if (child == 0)
			be_child(deed, count);
	}
	if (deed == WRITE)
		write_all(count, 1);
	for (size_t i = 0; i < workers; i++) {
		bench_check(wait(&status) > 0, "no child");
		bench_check(status == 0, "a child died");
	}
}

static void measure(const struct bench_case *self, enum deed deed, size_t often)
{
	size_t rounds = bench_count(often), count = self->parameter;
	double begin;

	for (size_t i = 0; i < count; i++)
		blocks[i] = bench_malloc(BENCH_MIB);
	write_all(count, 1);
	begin = bench_now();
	for (size_t i = 0; i < rounds; i++)
		fork_once(deed, count);
	bench_report(self, "", (bench_now() - begin) / (double)rounds * 1e6, "us");
	read_all(count, 1);
	for (size_t i = 0; i < count; i++)
		free(blocks[i]);
}

static void run_exec(const struct bench_case *self)
{
	measure(self, EXEC, 200);
}

static void run_write(const struct bench_case *self)
{
	measure(self, WRITE, 20);
}

static void run_readers(const struct bench_case *self)
{
	measure(self, READ, 10);
}

/* parameter: megabytes */
const struct bench_case bench_cases[] = {
	{ "fork-exec-16m", run_exec, 16, 0 },
	{ "fork-exec-256m", run_exec, 256, 0 },
	{ "fork-exec-2048m", run_exec, 2048, 0 },
	{ "fork-write-16m", run_write, 16, 0 },
	{ "fork-write-256m", run_write, 256, 0 },
	{ "fork-write-2048m", run_write, 2048, 0 },
	{ "fork-readers-16m", run_readers, 16, 0 },
	{ "fork-readers-256m", run_readers, 256, 0 },
	{ "fork-readers-2048m", run_readers, 2048, 0 },
	{ 0 },
};

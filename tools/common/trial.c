/* See trial.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/say.h"
#include "common/trial.h"

#define POLL_NS 2000000

static uint64_t held_bytes(pid_t pid)
{
	static const char *const fields[] = { "VmRSS:", "HugetlbPages:" };
	char path[64], line[256];
	uint64_t bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
			if (strncmp(line, fields[i], strlen(fields[i])) == 0)
				bytes += strtoull(line + strlen(fields[i]), NULL, 10) * 1024;
		}
	}
	if (file)
		fclose(file);
	return bytes;
}

static void become_helper(const struct hp_trial *trial, int output)
{
	int error = dup2(output, STDOUT_FILENO) < 0;

	unsetenv("HPALLOC_TRACE");
	unsetenv("HPALLOC_PROFILE");
	error |= trial->library ? setenv("LD_PRELOAD", trial->library, 1) : unsetenv("LD_PRELOAD");
	if (trial->backing)
		error |= setenv("HPALLOC_BACKING", trial->backing, 1);
	if (!error)
		execl(trial->helper, trial->helper, trial->argument, (char *)NULL);
	_exit(EXIT_FAILURE);
}

/* Until its end; the most that it held. */
static uint64_t watch(pid_t pid, int *out_status)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	uint64_t most = 0, now;

	while (waitpid(pid, out_status, WNOHANG) == 0) {
		now = held_bytes(pid);
		most = now > most ? now : most;
		nanosleep(&pause, NULL);
	}
	return most;
}

/* A pipe holds any answer: nobody reads before the helper has ended. */
bool hp_trial_run(const struct hp_trial *trial, void *out_answer, size_t answer_bytes,
		  uint64_t *out_peak_bytes)
{
	int ends[2], status = 0;
	ssize_t got;
	pid_t pid;

	if (pipe(ends)) {
		hp_say("%s: %s", trial->name, strerror(errno));
		return false;
	}
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		become_helper(trial, ends[1]);
	}
	close(ends[1]);
	*out_peak_bytes = pid > 0 ? watch(pid, &status) : 0;
	got = read(ends[0], out_answer, answer_bytes);
	close(ends[0]);
	if (pid > 0 && !status && got == (ssize_t)answer_bytes)
		return true;
	if (WIFSIGNALED(status))
		hp_say("%s: the run ended by signal %d", trial->name, WTERMSIG(status));
	else
		hp_say("%s: the run failed", trial->name);
	return false;
}

static int by_value(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return a < b ? -1 : a > b;
}

double hp_trial_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

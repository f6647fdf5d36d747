/* See perf.h. The counters of all threads are open before the first one counts. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "machine/perf.h"

struct counters {
	size_t events;
	size_t threads;
	int fds[HP_PERF_THREADS_MAX][HP_PERF_EVENTS_MAX];
};

static int open_one(const struct hp_perf_event *event, int thread)
{
	struct perf_event_attr attributes = {
		.type = event->type,
		.size = sizeof(attributes),
		.config = event->config,
		.disabled = 1,
		.inherit = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	long fd = syscall(SYS_perf_event_open, &attributes, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static void close_all(struct counters *counters)
{
	for (size_t i = 0; i < counters->threads; i++) {
		for (size_t j = 0; j < counters->events; j++)
			close(counters->fds[i][j]);
	}
}

/* All events of one thread, or none: it may have ended. */
static int open_thread(struct counters *counters, const struct hp_perf_event *events, int thread)
{
	int *fds = counters->fds[counters->threads];

	for (size_t i = 0; i < counters->events; i++) {
		fds[i] = open_one(&events[i], thread);
		if (fds[i] < 0) {
			int error = fds[i];

			while (i-- > 0)
				close(fds[i]);
			return error;
		}
	}
	counters->threads++;
	return 0;
}

static int open_all(struct counters *counters, const struct hp_perf_event *events, int pid)
{
	char path[sizeof("/proc//task") + 12];
	struct dirent *entry;
	DIR *directory;
	int error = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	directory = opendir(path);
	if (!directory)
		return -errno;
	while ((entry = readdir(directory)) && counters->threads < HP_PERF_THREADS_MAX && !error) {
		if (isdigit((unsigned char)*entry->d_name))
			error = open_thread(counters, events, atoi(entry->d_name));
		if (error == -ESRCH)
			error = 0;
	}
	closedir(directory);
	return !error && !counters->threads ? -ESRCH : error;
}

static int switch_all(const struct counters *counters, unsigned long request)
{
	for (size_t i = 0; i < counters->threads; i++) {
		for (size_t j = 0; j < counters->events; j++) {
			if (ioctl(counters->fds[i][j], request, 0))
				return -errno;
		}
	}
	return 0;
}

static int sum_all(const struct counters *counters, uint64_t *out_counts)
{
	memset(out_counts, 0, counters->events * sizeof(*out_counts));
	for (size_t i = 0; i < counters->threads; i++) {
		for (size_t j = 0; j < counters->events; j++) {
			uint64_t value;

			if (read(counters->fds[i][j], &value, sizeof(value)) != sizeof(value))
				return -EIO;
			out_counts[j] += value;
		}
	}
	return 0;
}

static void sleep_for(unsigned milliseconds)
{
	struct timespec left = { milliseconds / 1000, (milliseconds % 1000) * 1000000L };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

int hp_perf_count(int pid, unsigned milliseconds, const struct hp_perf_event *events, size_t count,
		  uint64_t *out_counts)
{
	struct counters counters = { .events = count };
	int error = count > HP_PERF_EVENTS_MAX ? -EINVAL : open_all(&counters, events, pid);

	if (!error)
		error = switch_all(&counters, PERF_EVENT_IOC_ENABLE);
	if (!error) {
		sleep_for(milliseconds);
		error = switch_all(&counters, PERF_EVENT_IOC_DISABLE);
	}
	if (!error)
		error = sum_all(&counters, out_counts);
	close_all(&counters);
	return error;
}

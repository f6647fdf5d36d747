/* Events that the processor or the kernel counts for a process, by perf_event_open(2). */
#ifndef HP_TOOLS_MACHINE_PERF_H
#define HP_TOOLS_MACHINE_PERF_H

#include <stddef.h>
#include <stdint.h>

enum { HP_PERF_EVENTS_MAX = 4, HP_PERF_THREADS_MAX = 256 };

/* As in <linux/perf_event.h>: the type, and which of it. */
struct hp_perf_event {
	uint32_t type;
	uint64_t config;
};

/*
 * Counts for so long what all threads of a process do in user space, those included that they
 * start meanwhile; of the first HP_PERF_THREADS_MAX of them. Returns 0 or a negative errno: the
 * machine has no such event (-ENOENT, as virtual ones often), or it is not allowed (-EACCES).
 */
int hp_perf_count(int pid, unsigned milliseconds, const struct hp_perf_event *events, size_t count,
		  uint64_t *out_counts);

#endif

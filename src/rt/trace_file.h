/*
 * The file of a trace: its name, its blocks, and the two kinds of block that are not of events.
 *
 * Any thread, no lock that another would wait for: a block is appended by one system call. What
 * fails stops the trace for good, with one line said; the program goes on.
 */
#ifndef HP_RT_TRACE_FILE_H
#define HP_RT_TRACE_FILE_H

#include <hpalloc/trace.h>
#include <stdbool.h>

#include "base/attr.h"
#include "os/os.h"
#include "os/ticks.h"

struct hp_trace_clock {
	bool is_ticks; /* else the system's */
	unsigned shift;
};

extern HP_HIDDEN struct hp_trace_clock hp_trace_clock;

/* In units of the trace. */
static inline uint64_t hp_trace_now(void)
{
	uint64_t now = HP_LIKELY(hp_trace_clock.is_ticks) ? hp_os_ticks() : hp_os_now_ns();

	return now >> hp_trace_clock.shift;
}

/*
 * Creates the file, with START and MODULES in it. `path` may have %p in it for the process id. A
 * file that exists is never touched: then, and in the child of a fork, it is PATH.PID, or
 * PATH.PID.2 and so on.
 */
int hp_trace_file_create(const char *path, bool is_forked, bool is_hardened);

/* Fills in magic, bytes, times and sum of the header; the rest is the caller's. */
void hp_trace_file_write(struct hp_trace_block *block, const void *payload, size_t bytes);

/* The mappings of code have changed, perhaps: writes them if they have. */
void hp_trace_file_write_modules(void);

void hp_trace_file_write_end(void);

/* Whether what is written still arrives. */
bool hp_trace_file_is_open(void);

/* In the child of a fork, before hp_trace_file_create(): the file is the parent's. */
void hp_trace_file_leave(void);

#endif

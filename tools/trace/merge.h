/*
 * The events of all threads in one order that can have been: by time, and where clocks are too
 * coarse for it, a block is allocated before it is freed and freed before its address is used
 * again. Keeps the live blocks.
 */
#ifndef HP_TOOLS_TRACE_MERGE_H
#define HP_TOOLS_TRACE_MERGE_H

#include "trace/callers.h"
#include "trace/live.h"
#include "trace/tape.h"

struct hp_merge_thread {
	struct hp_tape_reader reader;
	struct hp_tape_event next;
};

struct hp_merge {
	const struct hp_tape *tape;
	struct hp_callers callers;
	struct hp_alive live;
	struct hp_merge_thread *threads;
	size_t thread_count;
	struct hp_merge_thread **heap; /* by the time of `next` */
	size_t heap_count;
	struct hp_merge_thread **parked; /* wait for what another thread does */
	size_t parked_count;
	uint64_t inherited; /* freed, but allocated before the trace began */
	uint64_t overtaken; /* allocated where a block lived: its free was not recorded */
	uint64_t skipped;   /* could not be read */
	int error;	    /* -ENOMEM: the end came early */
};

/* One event, and what it did. */
struct hp_merge_step {
	struct hp_tape_event event;
	uint32_t caller;
	bool is_freed; /* a block that was known: this one */
	struct hp_alive_block freed;
	bool is_overtaken; /* a block lived where this one is now: it must have gone before */
	struct hp_alive_block overtaken;
	struct hp_alive_block *allocated; /* NULL, or what lives now, until the next step */
};

/* 0 or -ENOMEM. */
int hp_merge_init(struct hp_merge *merge, const struct hp_tape *tape);
void hp_merge_fini(struct hp_merge *merge);

/* False at the end, or where memory is out. */
bool hp_merge_next(struct hp_merge *merge, struct hp_merge_step *out_step);

#endif

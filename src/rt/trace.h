/*
 * HPALLOC_TRACE: every event of the program into a file, complete for each thread and in its order.
 *
 * An event is written when 32 KiB of its thread's are full, when the thread ends, and at exit; from
 * exit on at once, as are those of threads without a recorder: ended ones, those for which there is
 * no memory, and those that have freed a few blocks only. The child of a fork, of any kind, has a
 * file of its own, which its first event makes.
 *
 * Any thread; no lock of base/lock.h is taken or needed. Keeps errno.
 */
#ifndef HP_RT_TRACE_H
#define HP_RT_TRACE_H

#include "rt/recorder.h"
#include "rt/trace_file.h"

/* Once, before any thread but the first: 0 or a negative errno. */
int hp_trace_begin(const char *path, bool is_hardened);

/* The program exits: all events so far are written. In the child of vfork nothing happens. */
void hp_trace_end(void);

struct hp_trace_self {
	struct hp_recorder *recorder; /* NULL: none yet or any more, or paused */
	struct hp_recorder *paused;   /* the recorder meanwhile */
	uint32_t thread;
	uint32_t sequence; /* of the next block, while there is no recorder */
	uint32_t frees;	   /* before there was one */
	bool is_over;
	bool is_paused;
};

extern HP_HIDDEN __thread struct hp_trace_self hp_trace_self;

/* Where hp_trace_add() has no recorder, or the recorder has something to do. */
void hp_trace_add_slowly(enum hp_trace_op op, const void *address, size_t bytes, const void *old,
			 unsigned align_log2, const void *caller);
void hp_trace_attend(struct hp_recorder *recorder);

/* `old` is of REALLOC, the alignment of ALIGNED; else both are 0. */
static inline __attribute__((always_inline)) void hp_trace_add(enum hp_trace_op op,
							       const void *address, size_t bytes,
							       const void *old, unsigned align_log2,
							       const void *caller)
{
	struct hp_recorder *recorder = hp_trace_self.recorder;
	const struct hp_event event = { op,
					align_log2,
					address,
					old,
					bytes,
					caller,
					HP_LIKELY(recorder) ? hp_trace_now() : 0 };

	if (HP_UNLIKELY(!recorder))
		hp_trace_add_slowly(op, address, bytes, old, align_log2, caller);
	else if (hp_recorder_add(recorder, &event))
		hp_trace_attend(recorder);
}

/* The calling thread's events are parts of one that follows: not recorded until it is resumed. */
static inline void hp_trace_pause(void)
{
	hp_trace_self.paused = hp_trace_self.recorder;
	hp_trace_self.recorder = NULL;
	hp_trace_self.is_paused = true;
}

static inline void hp_trace_resume(void)
{
	hp_trace_self.recorder = hp_trace_self.paused;
	hp_trace_self.is_paused = false;
}

#endif

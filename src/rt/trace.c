/* See trace.h. */
#include "rt/trace.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "os/os.h"
#include "rt/recorder.h"
#include "rt/release.h"
#include "rt/trace_file.h"

enum { GUEST_FREES = 16, PATH_BYTES = 4096 };

/* What a wiped mark says: that this is the child of a fork, and does not know it yet. */
enum mark { MARK_WIPED, MARK_BUSY, MARK_SET };

__thread struct hp_trace_self hp_trace_self;

static struct {
	_Atomic int *mark; /* on a page that fork wipes */
	_Atomic uint32_t threads;
	pthread_key_t key;
	int pid;
	bool is_hardened;
	char path[PATH_BYTES];
} trace;

/* For events without a recorder: one block each. */
static struct {
	_Atomic bool is_locked;
	struct hp_encoder encoder;
} single;

static void lock_single(void)
{
	while (atomic_exchange_explicit(&single.is_locked, true, memory_order_acquire))
		hp_os_yield();
}

static void write_single(const struct hp_event *event)
{
	uint8_t bytes[HP_EVENT_BYTES_MAX];
	struct hp_trace_block block = {
		.kind = HP_TRACE_EVENTS,
		.events = 1,
		.thread = hp_trace_self.thread,
		.tid = hp_os_tid(),
		.sequence = hp_trace_self.sequence++,
		.first_time = event->time,
	};
	uint8_t *end;

	lock_single();
	memset(&single.encoder, 0, sizeof(single.encoder));
	single.encoder.time = event->time;
	end = hp_encode(&single.encoder, event, bytes);
	atomic_store_explicit(&single.is_locked, false, memory_order_release);
	hp_trace_file_write(&block, bytes, (size_t)(end - bytes));
}

/* The thread's destructor. Later events of it are written singly. */
static void leave(void *unused)
{
	struct hp_recorder *recorder = hp_trace_self.recorder;
	int kept_errno = errno;

	(void)unused;
	hp_trace_self.is_over = true;
	hp_trace_self.recorder = NULL;
	if (recorder && atomic_load(trace.mark) == MARK_SET)
		hp_trace_self.sequence = hp_recorder_give(recorder);
	errno = kept_errno;
}

static uint32_t next_thread(void)
{
	return atomic_fetch_add_explicit(&trace.threads, 1, memory_order_relaxed) + 1;
}

/* What is the parent's stays the parent's; the child begins a file and counts its threads anew. */
static void begin_in_child(void)
{
	int error;

	hp_trace_file_leave();
	trace.pid = hp_os_pid();
	atomic_store(&single.is_locked, false);
	atomic_store(&trace.threads, 0);
	hp_trace_self.thread = next_thread();
	hp_trace_self.sequence = 0;
	hp_recorder_inherit(hp_trace_self.recorder, hp_trace_self.thread, hp_os_tid());
	error = hp_trace_file_create(trace.path, true, trace.is_hardened);
	if (error)
		hp_warn("HPALLOC_TRACE: no file for process %u (error %u)", (unsigned)hp_os_pid(),
			(unsigned)-error);
}

/* Once in a child, by whichever thread comes first. */
static void notice_fork(void)
{
	int mark = MARK_WIPED;

	if (HP_LIKELY(atomic_load_explicit(trace.mark, memory_order_acquire) == MARK_SET))
		return;
	if (atomic_compare_exchange_strong(trace.mark, &mark, MARK_BUSY)) {
		begin_in_child();
		atomic_store_explicit(trace.mark, MARK_SET, memory_order_release);
	}
	while (atomic_load_explicit(trace.mark, memory_order_acquire) != MARK_SET)
		hp_os_yield();
}

/* A thread that only frees may be past its destructors: see hp_thread_arena_to_free(). */
static bool needs_recorder(const struct hp_event *event)
{
	return !hp_trace_self.is_over &&
	       (event->op != HP_TRACE_FREE || ++hp_trace_self.frees > GUEST_FREES);
}

static void begin_recording(const struct hp_event *event)
{
	struct hp_recorder *recorder = NULL;

	notice_fork();
	if (!hp_trace_self.thread)
		hp_trace_self.thread = next_thread();
	if (needs_recorder(event))
		recorder =
			hp_recorder_take(hp_trace_self.thread, hp_os_tid(), hp_trace_self.sequence);
	if (!recorder) {
		write_single(event);
		return;
	}
	hp_trace_self.recorder = recorder;
	if (hp_recorder_add(recorder, event))
		hp_recorder_flush(recorder);
	pthread_setspecific(trace.key, recorder); /* may allocate: an event like any other */
}

void hp_trace_add_slowly(enum hp_trace_op op, const void *address, size_t bytes, const void *old,
			 unsigned align_log2, const void *caller)
{
	const struct hp_event event = {
		op, align_log2, address, old, bytes, caller, hp_trace_now()
	};
	int kept_errno = errno;

	if (!hp_trace_self.is_paused)
		begin_recording(&event);
	errno = kept_errno;
}

void hp_trace_attend(struct hp_recorder *recorder)
{
	int kept_errno = errno;

	notice_fork();
	hp_recorder_flush(recorder);
	errno = kept_errno;
}

int hp_trace_begin(const char *path, bool is_hardened)
{
	void *page = NULL;
	int error;

	if (strlen(path) >= sizeof(trace.path))
		return -ENAMETOOLONG;
	strcpy(trace.path, path);
	trace.is_hardened = is_hardened;
	trace.pid = hp_os_pid();
	error = hp_os_map(NULL, HP_PAGE_BYTES, HP_PAGE_BYTES, &page);
	if (error)
		return error;
	error = hp_os_fork_wipe(page, HP_PAGE_BYTES);
	if (!error)
		error = -pthread_key_create(&trace.key, leave);
	if (!error)
		error = hp_trace_file_create(path, false, is_hardened);
	if (error) {
		hp_release(page, HP_PAGE_BYTES);
		return error;
	}
	trace.mark = page;
	atomic_store(trace.mark, MARK_SET);
	return 0;
}

void hp_trace_end(void)
{
	/* A child without an event of its own; or one of vfork, in its parent's memory. */
	if (atomic_load(trace.mark) != MARK_SET || hp_os_pid() != trace.pid)
		return;
	hp_recorder_end_all();
	hp_trace_file_write_modules();
	hp_trace_file_write_end();
}

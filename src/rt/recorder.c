/* See recorder.h. */
#include "rt/recorder.h"

#include <string.h>

#include "os/os.h"
#include "rt/meta.h"
#include "rt/release.h"
#include "rt/trace_file.h"

enum {
	MODULES_EACH = 64, /* blocks between two looks at what code is mapped */
};

static struct {
	_Atomic(struct hp_recorder *) all; /* pushed at the head, read without a lock */
	_Atomic bool is_ending;
	_Atomic unsigned blocks;
} recorders;

/* Held while one block is written: whoever waits is its owner, or ends the program. */
static void lock(struct hp_recorder *recorder)
{
	while (atomic_exchange_explicit(&recorder->is_locked, true, memory_order_acquire))
		hp_os_yield();
}

static void unlock(struct hp_recorder *recorder)
{
	atomic_store_explicit(&recorder->is_locked, false, memory_order_release);
}

static uint32_t limit(void)
{
	return atomic_load(&recorders.is_ending) ? 0 : HP_RECORDER_LIMIT;
}

/* Locked. */
static void write_filled(struct hp_recorder *recorder)
{
	/* Pairs with the release in hp_recorder_add(): the bytes are there. */
	uint64_t filled = atomic_load_explicit(&recorder->filled, memory_order_acquire);
	uint32_t bytes = (uint32_t)filled, events = (uint32_t)(filled >> 32);
	struct hp_trace_block block = { .kind = HP_TRACE_EVENTS };

	if (events == recorder->written_events)
		return;
	block.events = events - recorder->written_events;
	block.thread = recorder->thread;
	block.tid = recorder->tid;
	block.sequence = recorder->sequence;
	block.start = recorder->written_bytes;
	block.first_time = recorder->first_time;
	hp_trace_file_write(&block, recorder->buffer + recorder->written_bytes,
			    bytes - recorder->written_bytes);
	recorder->sequence++;
	recorder->written_bytes = bytes;
	recorder->written_events = events;
}

/* Locked, by the owner. */
static void begin_anew(struct hp_recorder *recorder)
{
	memset(&recorder->encoder, 0, sizeof(recorder->encoder));
	recorder->first_time = recorder->encoder.time = hp_trace_now();
	recorder->written_bytes = recorder->written_events = 0;
	atomic_store_explicit(&recorder->filled, 0, memory_order_relaxed);
}

static bool is_modules_turn(void)
{
	unsigned block = atomic_fetch_add_explicit(&recorders.blocks, 1, memory_order_relaxed) + 1;

	return block % MODULES_EACH == 0 ||
	       (block < MODULES_EACH && __builtin_popcount(block) == 1);
}

void hp_recorder_flush(struct hp_recorder *recorder)
{
	uint64_t filled = atomic_load_explicit(&recorder->filled, memory_order_relaxed);
	bool is_full = (uint32_t)filled > HP_RECORDER_LIMIT;

	lock(recorder);
	write_filled(recorder);
	if (is_full)
		begin_anew(recorder);
	unlock(recorder);
	if (is_full && is_modules_turn())
		hp_trace_file_write_modules();
}

static struct hp_recorder *take_given(void)
{
	struct hp_recorder *recorder = atomic_load_explicit(&recorders.all, memory_order_acquire);

	while (recorder &&
	       (atomic_load(&recorder->is_owned) || atomic_exchange(&recorder->is_owned, true)))
		recorder = recorder->next;
	return recorder;
}

static struct hp_recorder *make(void)
{
	const size_t bytes =
		(sizeof(struct hp_recorder) + HP_PAGE_BYTES - 1) & ~(HP_PAGE_BYTES - 1);
	struct hp_recorder *recorder;
	void *mapped = NULL;

	if (hp_os_map(NULL, bytes, HP_PAGE_BYTES, &mapped))
		return NULL;
	if (hp_os_fork_wipe(mapped, bytes)) {
		hp_release(mapped, bytes);
		return NULL;
	}
	hp_meta_count(bytes);
	recorder = mapped;
	atomic_store(&recorder->is_owned, true);
	recorder->next = atomic_load(&recorders.all);
	while (!atomic_compare_exchange_weak(&recorders.all, &recorder->next, recorder))
		continue;
	return recorder;
}

struct hp_recorder *hp_recorder_take(uint32_t thread, uint32_t tid, uint32_t sequence)
{
	struct hp_recorder *recorder = take_given();

	if (!recorder)
		recorder = make();
	if (!recorder)
		return NULL;
	lock(recorder);
	begin_anew(recorder);
	recorder->thread = thread;
	recorder->tid = tid;
	recorder->sequence = sequence;
	atomic_store(&recorder->limit, limit());
	unlock(recorder);
	return recorder;
}

uint32_t hp_recorder_give(struct hp_recorder *recorder)
{
	uint32_t sequence;

	lock(recorder);
	write_filled(recorder);
	begin_anew(recorder);
	sequence = recorder->sequence;
	unlock(recorder);
	atomic_store(&recorder->is_owned, false);
	return sequence;
}

void hp_recorder_end_all(void)
{
	struct hp_recorder *recorder;

	/* A recorder that is made meanwhile sees this, or is on the list. */
	atomic_store(&recorders.is_ending, true);
	for (recorder = atomic_load(&recorders.all); recorder; recorder = recorder->next) {
		lock(recorder);
		atomic_store_explicit(&recorder->limit, 0, memory_order_relaxed);
		write_filled(recorder);
		unlock(recorder);
	}
}

void hp_recorder_inherit(struct hp_recorder *mine, uint32_t thread, uint32_t tid)
{
	atomic_store(&recorders.is_ending, false);
	atomic_store(&recorders.blocks, 0);
	if (mine) {
		mine->thread = thread;
		mine->tid = tid;
		atomic_store(&mine->is_owned, true);
		atomic_store(&mine->limit, limit());
	}
	atomic_store(&recorders.all, mine);
}

/*
 * A thread's recorder: where its events become bytes until a block is full.
 *
 * The owner alone encodes; it publishes each event by storing `filled`. Who holds `is_locked`,
 * the owner or the thread that ends the program, writes what is filled and not yet written. In the
 * child of a fork, of any kind, the kernel has wiped all recorders (MADV_WIPEONFORK), and a `limit`
 * of 0 sends the child's first event the slow way.
 *
 * Invariant: written_bytes <= filled_bytes(filled) <= HP_RECORDER_BYTES
 */
#ifndef HP_RT_RECORDER_H
#define HP_RT_RECORDER_H

#include <stdatomic.h>

#include "rt/encode.h"

#define HP_RECORDER_BYTES ((size_t)32 << 10)
#define HP_RECORDER_LIMIT (HP_RECORDER_BYTES - HP_EVENT_BYTES_MAX)
#define HP_RECORDER_EVENT ((uint64_t)1 << 32) /* in `filled` */

struct hp_recorder {
	/* owner */
	_Atomic uint64_t filled; /* events << 32 | bytes */
	_Atomic uint32_t limit;	 /* beyond it there is something to do; any thread may make it 0 */
	/* who holds is_locked */
	_Atomic bool is_locked HP_ALIGNED(64);
	uint32_t written_bytes;
	uint32_t written_events;
	uint32_t thread;
	uint32_t tid;
	uint32_t sequence;
	uint64_t first_time; /* owner, locked */
	/* any thread */
	_Atomic bool is_owned;
	struct hp_recorder *next; /* on the list of all, never taken off */

	struct hp_encoder encoder HP_ALIGNED(64); /* owner */
	uint8_t buffer[HP_RECORDER_BYTES];	  /* owner; read up to `filled` */
};

/* A recorder that nobody has, or a new one, for a thread; NULL if there is no memory. */
struct hp_recorder *hp_recorder_take(uint32_t thread, uint32_t tid, uint32_t sequence);

/* Writes what is left, and returns the number of the thread's next block. */
uint32_t hp_recorder_give(struct hp_recorder *recorder);

/* For the owner: writes what is filled, and begins anew where it is full. */
void hp_recorder_flush(struct hp_recorder *recorder);

/* From now on each event is written at once; what is filled is written now, for all threads. */
void hp_recorder_end_all(void);

/* In the child of a fork: all are gone, but the calling thread's, if it has one. */
void hp_recorder_inherit(struct hp_recorder *mine, uint32_t thread, uint32_t tid);

/* For the owner; whether hp_recorder_flush() must follow. */
static inline __attribute__((always_inline)) bool hp_recorder_add(struct hp_recorder *recorder,
								  const struct hp_event *event)
{
	uint64_t filled = atomic_load_explicit(&recorder->filled, memory_order_relaxed);
	uint8_t *at = recorder->buffer + (uint32_t)filled;

	filled += HP_RECORDER_EVENT + (uint64_t)(hp_encode(&recorder->encoder, event, at) - at);
	atomic_store_explicit(&recorder->filled, filled, memory_order_release);
	return HP_UNLIKELY((uint32_t)filled >
			   atomic_load_explicit(&recorder->limit, memory_order_relaxed));
}

#endif

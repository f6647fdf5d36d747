/*
 * An event of a trace as bytes: the form that hpalloc/trace.h describes. Pure.
 */
#ifndef HP_RT_ENCODE_H
#define HP_RT_ENCODE_H

#include <hpalloc/trace.h>
#include <stdbool.h>

#include "base/attr.h"

#define HP_EVENT_BYTES_MAX ((size_t)64) /* first byte, slot, alignment, and five numbers */

struct hp_event {
	enum hp_trace_op op;
	unsigned align_log2; /* ALIGNED */
	const void *address;
	const void *old; /* REALLOC */
	size_t bytes;
	const void *caller;
	uint64_t time;
};

/* What the code of an event depends on; starts as zero, but for the time. */
struct hp_encoder {
	uint64_t time;
	uintptr_t address;
	uintptr_t caller;
	struct hp_encoder_slot {
		uintptr_t caller;
		size_t bytes;
		uintptr_t address;
	} slots[HP_TRACE_SLOTS];
};

static inline uint8_t *hp_encode_number(uint8_t *at, uint64_t number)
{
	while (number > 0x7f) {
		*at++ = (uint8_t)(number | 0x80);
		number >>= 7;
	}
	*at++ = (uint8_t)number;
	return at;
}

static inline uint8_t *hp_encode_difference(uint8_t *at, uint64_t to, uint64_t from)
{
	uint64_t difference = to - from;

	return hp_encode_number(at, (difference << 1) ^ (0 - (difference >> 63)));
}

static inline uint64_t hp_encode_rotated(uintptr_t address)
{
	return (uint64_t)address >> 4 | (uint64_t)address << 60;
}

/* Calls from one function lie close: only the high bits of the product tell them apart. */
static inline unsigned hp_encode_slot_of(uintptr_t caller)
{
	return (unsigned)((uint64_t)caller * 0x9e3779b97f4a7c15u >> 56);
}

/* A time of another processor may lie a little behind. */
static inline uint64_t hp_encode_elapsed(struct hp_encoder *encoder, uint64_t time)
{
	uint64_t elapsed = time > encoder->time ? time - encoder->time : 0;

	encoder->time += elapsed;
	return elapsed;
}

/* Writes HP_EVENT_BYTES_MAX bytes at most; returns the end. */
static inline __attribute__((always_inline)) uint8_t *
hp_encode(struct hp_encoder *encoder, const struct hp_event *event, uint8_t *at)
{
	uintptr_t caller = (uintptr_t)event->caller, address = (uintptr_t)event->address;
	unsigned index = hp_encode_slot_of(caller);
	struct hp_encoder_slot *slot = &encoder->slots[index];
	uint64_t elapsed = hp_encode_elapsed(encoder, event->time);
	uint8_t *first = at++;
	uintptr_t from;

	*first = (uint8_t)event->op;
	if (HP_LIKELY(elapsed < HP_TRACE_TIME_LONG)) {
		*first |= (uint8_t)(elapsed << HP_TRACE_TIME_SHIFT);
	} else {
		*first |= HP_TRACE_TIME_LONG << HP_TRACE_TIME_SHIFT;
		at = hp_encode_number(at, elapsed - HP_TRACE_TIME_LONG);
	}
	*at++ = (uint8_t)index;
	if (HP_UNLIKELY(slot->caller != caller)) {
		*first |= HP_TRACE_NEW_SLOT;
		at = hp_encode_difference(at, caller, encoder->caller);
		encoder->caller = caller;
		*slot = (struct hp_encoder_slot){ caller, 0, encoder->address };
	}
	if (event->op == HP_TRACE_ALIGNED)
		*at++ = (uint8_t)event->align_log2;
	if (event->op != HP_TRACE_FREE) {
		if (slot->bytes == event->bytes)
			*first |= HP_TRACE_SAME_SIZE;
		else
			at = hp_encode_number(at, slot->bytes = event->bytes);
	}
	from = slot->address;
	if (event->op == HP_TRACE_REALLOC) {
		at = hp_encode_difference(at, hp_encode_rotated((uintptr_t)event->old),
					  hp_encode_rotated(from));
		from = (uintptr_t)event->old;
	}
	at = hp_encode_difference(at, hp_encode_rotated(address), hp_encode_rotated(from));
	slot->address = encoder->address = address;
	return at;
}

#endif

/* See tape.h: the events of one thread. */
#include <string.h>

#include "trace/tape.h"

void hp_tape_read_thread(const struct hp_tape *tape, const struct hp_tape_block *first,
			 struct hp_tape_reader *out_reader, const struct hp_tape_block **out_next)
{
	const struct hp_tape_block *end = tape->blocks + tape->block_count;

	memset(out_reader, 0, sizeof(*out_reader));
	out_reader->block = first;
	while (first < end && first->head.thread == out_reader->block->head.thread)
		first++;
	out_reader->end = *out_next = first;
}

/* ---- numbers; past the end there are zeros, and `at` is beyond `stop` ---- */

static uint8_t get_byte(struct hp_tape_reader *reader)
{
	if (reader->at >= reader->stop) {
		reader->at = reader->stop + 1;
		return 0;
	}
	return *reader->at++;
}

static uint64_t get_number(struct hp_tape_reader *reader)
{
	uint64_t number = 0;
	uint8_t byte;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		byte = get_byte(reader);
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return number;
}

static uint64_t get_signed(struct hp_tape_reader *reader)
{
	uint64_t number = get_number(reader);

	return (number >> 1) ^ (0 - (number & 1));
}

static uint64_t rotated(uint64_t address)
{
	return address >> 4 | address << 60;
}

static uint64_t get_address(struct hp_tape_reader *reader, uint64_t from)
{
	uint64_t address = rotated(from) + get_signed(reader);

	return address << 4 | address >> 60;
}

/* ---- blocks ---- */

/* The next block that can be read; what was lost before it is counted by its thread's numbers. */
static void begin_block(struct hp_tape_reader *reader)
{
	const struct hp_trace_block *head = &reader->block->head;

	if (head->start == 0) {
		memset(reader->slots, 0, sizeof(reader->slots));
		reader->time = head->first_time;
		reader->address = reader->caller = 0;
		reader->position = 0;
		reader->is_lost = false;
	}
	if (head->start != reader->position)
		reader->is_lost = true;
	reader->position = head->start + head->bytes;
	reader->at = reader->block->payload;
	reader->stop = reader->at + head->bytes;
	reader->left = head->events;
	reader->block++;
	if (reader->is_lost) {
		reader->skipped += reader->left;
		reader->left = 0;
	}
}

static bool find_event(struct hp_tape_reader *reader)
{
	while (!reader->left) {
		if (reader->block == reader->end)
			return false;
		begin_block(reader);
	}
	return true;
}

static struct hp_tape_slot *get_slot(struct hp_tape_reader *reader, uint8_t first)
{
	struct hp_tape_slot *slot = &reader->slots[get_byte(reader)];

	if (first & HP_TRACE_NEW_SLOT) {
		reader->caller += get_signed(reader);
		*slot = (struct hp_tape_slot){ reader->caller, 0, reader->address };
	}
	return slot;
}

static void decode(struct hp_tape_reader *reader, struct hp_tape_event *event)
{
	uint8_t first = get_byte(reader);
	uint64_t elapsed = first >> HP_TRACE_TIME_SHIFT & HP_TRACE_TIME_LONG, from;
	struct hp_tape_slot *slot;

	event->op = (enum hp_trace_op)(first & HP_TRACE_OP_BITS);
	if (elapsed == HP_TRACE_TIME_LONG)
		elapsed += get_number(reader);
	event->time = reader->time += elapsed;
	slot = get_slot(reader, first);
	event->caller = slot->caller;
	if (event->op == HP_TRACE_ALIGNED)
		event->align = (uint64_t)1 << (get_byte(reader) & 63);
	if (event->op != HP_TRACE_FREE) {
		if (!(first & HP_TRACE_SAME_SIZE))
			slot->bytes = get_number(reader);
		event->bytes = slot->bytes;
	}
	from = slot->address;
	if (event->op == HP_TRACE_REALLOC)
		from = event->old = get_address(reader, from);
	event->address = slot->address = reader->address = get_address(reader, from);
}

bool hp_tape_next(struct hp_tape_reader *reader, struct hp_tape_event *out_event)
{
	struct hp_tape_event event = { 0 };

	while (find_event(reader)) {
		event.thread = reader->block[-1].head.thread;
		decode(reader, &event);
		reader->left--;
		if (reader->at <= reader->stop && event.op < HP_TRACE_OPS) {
			*out_event = event;
			return true;
		}
		/* The sum was right, so it was written so: by another version, or on purpose. */
		reader->skipped += reader->left + 1;
		reader->left = 0;
		reader->position = UINT32_MAX;
		event = (struct hp_tape_event){ 0 };
	}
	return false;
}

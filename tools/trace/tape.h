/*
 * A trace as hpalloc/trace.h describes it, read: its blocks, where code was mapped, and the events
 * of each thread one by one. Whatever the file holds, no more is read than is there: reading stops
 * at the first block that is cut off or does not add up.
 */
#ifndef HP_TOOLS_TRACE_TAPE_H
#define HP_TOOLS_TRACE_TAPE_H

#include <stdbool.h>
#include <stddef.h>

#include <hpalloc/trace.h>

struct hp_tape_event {
	enum hp_trace_op op;
	uint32_t thread; /* its number in the trace */
	uint64_t time;	 /* in units of the trace */
	uint64_t address;
	uint64_t old;	/* REALLOC */
	uint64_t bytes; /* what was asked for; 0 of a FREE */
	uint64_t align; /* ALIGNED; else 0 */
	uint64_t caller;
};

struct hp_tape_module {
	struct hp_trace_module where;
	const char *path;
};

struct hp_tape_block {
	struct hp_trace_block head;
	const uint8_t *payload;
};

struct hp_tape {
	uint8_t *bytes;
	size_t size;
	size_t read_bytes; /* up to where the blocks are whole */
	struct hp_trace_start start;
	const char *program;
	bool has_end; /* the program exited */
	double ns_per_unit;
	uint64_t first_time, last_time; /* of START, and of the last block's writing */
	uint64_t events;
	struct hp_tape_block *blocks; /* EVENTS, by thread, in each by their order */
	size_t block_count;
	struct hp_tape_module *modules; /* in the order of the file */
	size_t module_count;
	bool is_mapped;
};

/* Reads a file, by zstd where it is compressed. 0 or a negative errno; -EINVAL: no trace. */
int hp_tape_open(const char *path, struct hp_tape *out_tape);

/* The same of memory, which must stay. */
int hp_tape_parse(const uint8_t *bytes, size_t size, struct hp_tape *out_tape);

void hp_tape_close(struct hp_tape *tape);

/* Nanoseconds since the start of the trace. */
double hp_tape_ns(const struct hp_tape *tape, uint64_t time);

/* So many units of the trace; bounded, whatever the file says. */
uint64_t hp_tape_span_ns(const struct hp_tape *tape, uint64_t units);

/* One thread's events, from its first block on. */
struct hp_tape_reader {
	const struct hp_tape_block *block, *end; /* of the thread */
	const uint8_t *at, *stop;
	uint32_t left;	   /* events of the block */
	uint32_t position; /* bytes since the last block with start 0 */
	uint32_t sequence;
	bool is_lost;	  /* a block is missing: nothing can be read before the next start */
	uint64_t skipped; /* events that could not be read */
	uint64_t time, address, caller;
	struct hp_tape_slot {
		uint64_t caller, bytes, address;
	} slots[HP_TRACE_SLOTS];
};

/* For the thread of the block `first`; *out_next is the first block of the next thread. */
void hp_tape_read_thread(const struct hp_tape *tape, const struct hp_tape_block *first,
			 struct hp_tape_reader *out_reader, const struct hp_tape_block **out_next);

bool hp_tape_next(struct hp_tape_reader *reader, struct hp_tape_event *out_event);

#endif

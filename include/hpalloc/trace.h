/*
 * The file that a process writes where HPALLOC_TRACE names one: every allocation and every free of
 * it. `hpalloc trace` reads it; others may by what stands here.
 *
 * A file is a sequence of blocks, each with a header of 64 bytes, little endian, and a payload. It
 * is only appended to, block by block: what follows the first block that is cut off, or whose sum
 * is wrong, was lost in a crash. The first block is of the kind START.
 *
 * An EVENTS block has events of one thread, in their order; the blocks of a thread follow each
 * other in the file. Events of different threads are ordered by their time, which for a malloc is
 * taken after it and for a free before it; a block that is passed on, or an address that is used
 * again, decides where times are too close to tell. The code of an event depends on those before
 * it, but not before the last block of its thread with `start` 0: `start` counts the bytes of
 * events since then, so that a block whose `start` is not the end of the one before it follows a
 * loss.
 *
 *   event    first byte, [time], slot, [caller], then by its kind
 *            MALLOC, CALLOC   [size], address
 *            ALIGNED          logarithm of the alignment (one byte), [size], address
 *            REALLOC          [size], old address, new address
 *            FREE             address
 *   first    bits 0-2  enum hp_trace_op
 *            bits 3-5  time since the thread's event before (or the header's first_time), in units
 *                      of the trace; 7: 7 and what the number `time` says
 *            bit 6     the slot is new: `caller` follows
 *            bit 7     the size is that of the slot's last one: no `size` follows
 *   slot     one byte. Each of 256 slots keeps a caller, and of it the last size and the last
 *            address; a new one the size 0, and the address of the thread's event before (or 0).
 *   caller   a signed number: the return address, less that of the slot that was new before (or 0)
 *   size     a number: the bytes that were asked for
 *   address  a signed number: the address, rotated right by 4 bits, less the slot's last one,
 *            rotated likewise. Of a REALLOC the second is less the first, and becomes the slot's.
 *            The address 0 says that there was no memory; of REALLOC: the old block stayed.
 *
 * A number has 7 bits in each byte, the lowest first, and bit 7 in each byte but the last. A signed
 * number n is the number 2 * n, or -2 * n - 1 if it is negative.
 */
#ifndef HPALLOC_TRACE_H
#define HPALLOC_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HP_TRACE_MAGIC 0x65637470u /* "ptce", little endian */
#define HP_TRACE_VERSION 1u
#define HP_TRACE_SLOTS 256u

enum hp_trace_kind {
	HP_TRACE_START = 1,
	HP_TRACE_MODULES,
	HP_TRACE_EVENTS,
	HP_TRACE_END /* the program exits; no payload, and a few events may follow */
};

enum hp_trace_op {
	HP_TRACE_MALLOC,
	HP_TRACE_CALLOC,
	HP_TRACE_ALIGNED,
	HP_TRACE_REALLOC,
	HP_TRACE_FREE,
	HP_TRACE_OPS
};

enum {
	HP_TRACE_OP_BITS = 7,
	HP_TRACE_TIME_SHIFT = 3,
	HP_TRACE_TIME_LONG = 7,
	HP_TRACE_NEW_SLOT = 64,
	HP_TRACE_SAME_SIZE = 128
};

struct hp_trace_block {
	uint32_t magic;
	uint32_t kind;	   /* enum hp_trace_kind; others are to be skipped */
	uint32_t bytes;	   /* of the payload */
	uint32_t events;   /* EVENTS: how many */
	uint32_t thread;   /* EVENTS: 1, 2, 3, ... in the order of their first events */
	uint32_t tid;	   /* the kernel's number of the thread */
	uint32_t sequence; /* EVENTS: of this block in its thread, from 0 */
	uint32_t start;	   /* EVENTS: bytes of events of this thread on which these depend */
	/*
	 * Times in units of the trace. What a unit is in nanoseconds follows from `written_time`
	 * and `written_ns` of the first and the last block.
	 */
	uint64_t first_time;
	uint64_t written_time;
	uint64_t written_ns; /* CLOCK_MONOTONIC at written_time */
	uint64_t sum;	     /* hp_trace_sum() of the header with 0 here, and of the payload */
};

enum { HP_TRACE_IS_FORKED = 1, HP_TRACE_IS_HARDENED = 2 };

/* The payload of START; behind it the path of the program, ended by a zero byte. */
struct hp_trace_start {
	uint32_t version;
	uint32_t flags; /* IS_FORKED: blocks of before were inherited */
	uint64_t pid;
	uint64_t parent_pid;
	uint64_t unix_ns; /* CLOCK_REALTIME */
};

/*
 * The payload of MODULES is of these, each followed by its path and a zero byte: where code was
 * mapped when the block was written. The last one that has an address counts.
 */
struct hp_trace_module {
	uint64_t first;
	uint64_t end;
	uint64_t offset; /* of `first` in the file */
};

/* `sum` is 0, or that of what comes before. The last up to 7 bytes count as if zeros followed. */
static inline uint64_t hp_trace_sum(uint64_t sum, const void *bytes, size_t count)
{
	const unsigned char *at = (const unsigned char *)bytes;
	uint64_t lanes[4] = { sum, sum ^ 1u, sum ^ 2u, sum ^ count };
	uint64_t word;
	size_t lane = 0, piece;

	while (count > 0) {
		piece = count < 8 ? count : 8;
		word = 0;
		memcpy(&word, at, piece);
		lanes[lane] = (lanes[lane] ^ word) * 0x9e3779b97f4a7c15u;
		lanes[lane] ^= lanes[lane] >> 29;
		lane = (lane + 1) & 3;
		at += piece;
		count -= piece;
	}
	for (lane = 1; lane < 4; lane++)
		lanes[0] = (lanes[0] ^ lanes[lane]) * 0xbf58476d1ce4e5b9u + (lanes[0] >> 31);
	return lanes[0];
}

#endif

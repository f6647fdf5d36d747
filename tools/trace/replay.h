/* What hpalloc-replay does: the threads of a trace and their operations, in one piece of memory. */
#ifndef HP_TOOLS_TRACE_REPLAY_H
#define HP_TOOLS_TRACE_REPLAY_H

#include <stddef.h>
#include <stdint.h>

enum hp_replay_kind {
	HP_REPLAY_MALLOC,
	HP_REPLAY_CALLOC,
	HP_REPLAY_ALIGNED,
	HP_REPLAY_REALLOC,
	HP_REPLAY_FREE,
	HP_REPLAY_SPAWN, /* `slot` is the thread that begins */
};

/*
 * A slot has one block after the other. `turn` counts them: who frees or resizes a block of another
 * thread waits for its turn. A slot is used again by who freed its block.
 */
struct hp_replay_op {
	uint8_t kind;
	uint8_t align_log2;
	uint16_t unused;
	uint32_t slot;
	uint32_t turn; /* of the block that it makes, frees or resizes */
	uint32_t unused_too;
	uint64_t bytes;
};

struct hp_replay_thread {
	uint64_t first; /* of its operations */
	uint64_t count;
};

/* The program: this, the threads, the operations. The first thread is the main one. */
struct hp_replay_head {
	uint64_t threads;
	uint64_t slots;
	uint64_t ops;
};

/* What hpalloc-replay writes to its standard output. */
struct hp_replay_result {
	double seconds;
	uint64_t base_bytes; /* resident before, */
	uint64_t peak_bytes; /* and at its most: VmRSS and VmHWM */
	uint64_t failed;     /* allocations without memory */
};

struct hp_tape;

/* Makes the program, in a file without a name: a descriptor, or a negative errno. */
int hp_replay_compile(const struct hp_tape *tape);

#endif

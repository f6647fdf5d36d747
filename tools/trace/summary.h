/* What `hpalloc trace summary` knows of a trace, and how it says it. */
#ifndef HP_TOOLS_TRACE_SUMMARY_H
#define HP_TOOLS_TRACE_SUMMARY_H

#include <stdio.h>

#include "trace/merge.h"

#define HP_LOG2_COUNT 65u

/* What one caller, or all, holds at a moment. */
struct hp_held {
	uint32_t caller;
	uint64_t bytes;
	uint64_t blocks;
};

struct hp_held_table {
	struct hp_held *held; /* by number of the caller */
	size_t count;
	struct hp_held all;
};

struct hp_flow {
	uint32_t from, to; /* threads: who allocated, who freed */
	uint64_t blocks, bytes;
};

struct hp_summary {
	uint64_t counts[HP_TRACE_OPS];
	uint64_t failed;
	uint64_t requested_bytes;
	uint64_t sizes[HP_LOG2_COUNT];	   /* allocations by logarithm of their size */
	uint64_t lifetimes[HP_LOG2_COUNT]; /* frees by logarithm of the nanoseconds */
	uint64_t steps;			   /* all events, */
	uint64_t peak_step;		   /* and after which of them the most was live */
	uint64_t peak_bytes;
	uint64_t peak_time;
	uint64_t live_bytes;
	uint64_t inherited, overtaken, skipped;
	struct hp_held_table peak, end;
	struct hp_flow *flows;
	size_t flow_count;
};

/* Reads the whole trace, twice: 0 or a negative errno. */
int hp_summary_read(const struct hp_tape *tape, struct hp_callers *out_callers,
		    struct hp_summary *out_summary);
void hp_summary_fini(struct hp_summary *summary);

/* `top`: how many callers, or pairs of threads, are listed. */
void hp_summary_print(const struct hp_tape *tape, const struct hp_callers *callers,
		      const struct hp_summary *summary, size_t top, FILE *out);

#endif

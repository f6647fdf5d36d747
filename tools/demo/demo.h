/* What the verb `demo` shows: two programs, each on three kinds of heap. */
#ifndef HP_TOOLS_DEMO_H
#define HP_TOOLS_DEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define HP_DEMO_WALK_BYTES ((uint64_t)256 << 20)
#define HP_DEMO_PAIRS 5000000
#define HP_DEMO_MIN_BYTES 16
#define HP_DEMO_MAX_BYTES 512

/* What hpalloc-demo writes to its standard output. */
struct hp_demo_answer {
	double ns;	     /* a step, or a pair of malloc and free */
	uint64_t held_bytes; /* resident, with pages of the pool */
	uint64_t huge_bytes; /* ... of it on huge pages */
};

enum hp_demo { HP_DEMO_WALK, HP_DEMO_PAIR, HP_DEMO_COUNT };
enum hp_demo_heap { HP_DEMO_PLAIN, HP_DEMO_THP, HP_DEMO_POOL, HP_DEMO_HEAPS };

struct hp_demo_result {
	bool is_measured;
	struct hp_demo_answer answer; /* the median of the time, and the last of the others */
};

typedef struct hp_demo_result hp_demo_results[HP_DEMO_HEAPS][HP_DEMO_COUNT];

/* The table, and what it means on this machine. */
void hp_demo_print(FILE *out, hp_demo_results results);

#endif

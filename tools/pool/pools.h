/* The machine's pools of huge pages, by size and NUMA node, and the change of one. */
#ifndef HP_TOOLS_POOL_POOLS_H
#define HP_TOOLS_POOL_POOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the place of a node: the machine as a whole. */
#define HP_ALL_NODES (-1)

struct hp_pool {
	uint64_t page_bytes;
	int node; /* or HP_ALL_NODES */
	uint64_t total;
	uint64_t free;
	uint64_t surplus; /* of the total: they leave when they are free */
	/* of the machine only: */
	uint64_t reserved;   /* of the free ones: promised */
	uint64_t overcommit; /* how many more may be made when they are asked for */
};

struct hp_pools {
	struct hp_pool *at; /* by size, then the machine before its nodes */
	size_t count;
	uint64_t default_bytes; /* the size that vm.nr_hugepages counts; 0: unknown */
};

/* Returns 0 or a negative errno; a kernel without huge pages has none. */
int hp_pools_read(struct hp_pools *out_pools);
void hp_pools_done(struct hp_pools *pools);

const struct hp_pool *hp_pools_find(const struct hp_pools *pools, uint64_t page_bytes, int node);

/* Free and not promised to anybody. */
uint64_t hp_pool_available(const struct hp_pool *pool);

/* ---- change ---- */

enum hp_pool_bound {
	HP_POOL_REACHED,
	HP_POOL_NO_MEMORY,  /* no more memory is available */
	HP_POOL_FRAGMENTED, /* it is, but not in such pieces */
	HP_POOL_IN_USE,	    /* pages above the target are in use: they leave when they are free */
};

struct hp_pool_change {
	uint64_t page_bytes;
	int node;
	uint64_t target; /* pages */
	/* set by hp_pool_resize(): */
	uint64_t before, after; /* pages, without surplus ones */
	uint64_t surplus;
	enum hp_pool_bound bound;
	char file[128]; /* which was written to */
};

/*
 * Writes the target; before it grows, memory is compacted, and again as long as that helps. It
 * never asks for the last of the available memory. Returns 0, whatever `bound` is, or a negative
 * errno: -ENOENT if there is no such pool.
 */
int hp_pool_resize(struct hp_pool_change *change);

/* Says how far it got and what bounds it, in one line or two. */
void hp_pool_say_change(const struct hp_pool_change *change);

/* Says why it was refused: needs root, cannot be written here, is not there. */
void hp_pool_say_error(const struct hp_pool_change *change, int error);

#endif

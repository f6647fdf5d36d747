/*
 * Which kind of page a slot stands on: hugetlb, else transparent huge pages, else base pages; why
 * it is not the better one, and when to try again.
 *
 * All functions work on BUSY slots, which belong to the caller, outside any lock.
 */
#ifndef HP_POOL_BACKING_H
#define HP_POOL_BACKING_H

#include <hpalloc/hpalloc.h>

#include "pool/limit.h"
#include "pool/run.h"
#include "rt/options.h"

/* What the memory is for. */
enum hp_use {
	HP_USE_SPANS,  /* small and large blocks: the best page there is */
	HP_USE_WARMUP, /* the first part of the heap: base pages */
	HP_USE_LAZY,   /* a very large block: what is not touched shall cost nothing */
	HP_USE_BASE,   /* near a limit: base pages, which count by units */
	HP_USE_MOVE,   /* lazy, and about to be replaced by pages that are held already */
};

/* How the slots of a run came to their memory. */
struct hp_backing_result {
	size_t huge_slots;	 /* now on hugetlb */
	enum hp_fallback reason; /* of the others */
	size_t withheld_slots;	 /* of them, kept off the pool by HPALLOC_POOL_MAX or _LEAVE */
};

/*
 * Gives memory to the slots of `run`, which have none: lazy (normal memory) or populated (hugetlb).
 * `spare` more BUSY slots behind it are mapped alike, so that mappings are few and long, but get no
 * memory. No more of a kind of page than granted. -ENOMEM where no memory at all can be had: some
 * slots may be mapped then, none populated.
 */
int hp_backing_prepare(struct hp_run run, size_t spare, enum hp_use use,
		       const struct hp_limit_grant *grant, struct hp_backing_result *out_result);

/* What the slots of a run are to stand on: they have one ground. */
enum hp_backing_choice hp_backing_of(struct hp_run run);

/* Whether they are sure to stand on base pages, which count by units. */
bool hp_backing_is_base(struct hp_run run, enum hp_use use);

/*
 * Takes the memory of the slots away, from the front; returns of how many. The mapping of those may
 * have changed.
 */
size_t hp_backing_purge(struct hp_run run);

/*
 * Slots without memory become reserved address space again, as one mapping; false where the system
 * refuses, and nothing has changed.
 */
bool hp_backing_vacate(struct hp_run run);

/* Whether base pages are to become transparent huge pages at all. */
bool hp_backing_may_collapse(void);

/* Makes a transparent huge page of a slot on base pages; false if the kernel can't now. */
bool hp_backing_collapse(struct hp_run run);

/* hp_promise_try(), of the file whose pages are used. */
int hp_backing_promise(size_t bytes);

/* The file whose pages are used (HPALLOC_HUGETLBFS), or -1; once, at start-up. */
void hp_backing_init(void);

#endif

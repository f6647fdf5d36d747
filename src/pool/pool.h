/*
 * The shared pool of 2 MB slots: taken by the span layer, given back when no span is left, kept a
 * little while idle, then purged.
 *
 * Any function in any thread. System calls happen outside the pool lock, on BUSY slots.
 */
#ifndef HP_POOL_POOL_H
#define HP_POOL_POOL_H

#include "pool/backing.h"

struct hp_pool_request {
	size_t slots;
	size_t align_slots;  /* a power of two; 1 for any place */
	size_t normal_slots; /* so many at the front on normal memory, to be replaced by a move */
	enum hp_use use;
	enum hp_ground ground;
};

/* Makes the first region; once, before any other thread can use the heap. */
void hp_pool_init(void);

/*
 * Takes slots in a row, USED from now on, with memory (hugetlb: populated). Their `touched` says
 * what may not be zero. `free` is the taker's to set. -ENOMEM where none can be had.
 */
int hp_pool_take(const struct hp_pool_request *request, struct hp_run *out_run);

/*
 * As hp_pool_take(), exactly the slots of `run`, for who has the one before them; -EBUSY if one of
 * them is in use.
 */
int hp_pool_take_at(struct hp_run run, enum hp_use use);

enum hp_give {
	HP_GIVE_IDLE,  /* may be kept a while */
	HP_GIVE_BLANK, /* the memory was moved away: nothing to keep */
};

/* Ends the use of slots; no span is on them. Enforces the bound on idle slots. */
void hp_pool_give(struct hp_run run, enum hp_give how);

/* Purges one slot that has been idle for too long, if there is one. Called by slow paths. */
void hp_pool_tick(uint64_t now_ms);

/* Purges idle slots until at most `keep_slots` are left; whether there was one. */
bool hp_pool_trim(size_t keep_slots);

/*
 * Free slots become reserved address space again: each may be a mapping of its own otherwise, and
 * what is writable counts against RLIMIT_DATA and the commit limit of vm.overcommit_memory=2. Not
 * by itself, for it is to be undone at the next use.
 */
void hp_pool_vacate(void);

/*
 * Units of a slot on base pages get their first use, or lost their memory (negative). False where
 * a limit forbids the use.
 */
bool hp_pool_count_base_units(long units);

/* Memory that was given back to the system by other layers, as part of a slot. */
void hp_pool_count_purged(size_t bytes);
void hp_pool_count_copied(size_t bytes);

/* Makes one huge page of slots on base pages, if that can be done now. */
bool hp_pool_collapse(struct hp_run run);

/*
 * Counts a slot on base pages as the transparent huge page that it shall become, and sets its
 * mapping; false where a limit forbids the whole page. Under the units lock.
 */
bool hp_pool_count_collapsing(const struct hp_slot *slot);

/*
 * Units of one slot on normal memory are about to be moved to the same units of another; false if
 * they shall be copied, for moves have left so many mappings already: see edges.h.
 */
bool hp_pool_count_moving(const struct hp_slot *from, struct hp_slot *to, unsigned first,
			  unsigned count);

/* The mapping of slots in use is another now. */
void hp_pool_count_remapped(struct hp_run run, enum hp_mapping mapping);

/* For fork and statistics. */
void hp_pool_lock(void);
void hp_pool_unlock(void);
void hp_pool_reset(void);

/* Brings the counters up to what signal handlers did. */
void hp_pool_settle(void);

#endif

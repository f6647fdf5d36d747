/*
 * What is known of one 2 MB slot of a region. Descriptors lie outside the heap, one array a region.
 *
 * Who may touch a slot, by its state:
 *   FREE  no block, no memory          pool lock
 *   IDLE  no block, keeps its memory   pool lock; on the idle list
 *   BUSY  being taken, given or purged the thread that made it so, without a lock
 *   USED  spans live in it             units lock (free, touched, longest, links)
 *
 * Invariants of a USED slot:
 *   bit i of `free` set     <=> unit i belongs to no span
 *   longest == the longest run in `free`; on a list of units.c <=> longest > 0
 *   a unit without its bit in `touched` reads as zero
 */
#ifndef HP_POOL_SLOT_H
#define HP_POOL_SLOT_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bitmap.h"
#include "base/list.h"
#include "os/os.h"

#define HP_UNIT_BYTES ((size_t)16 << 10)
#define HP_SLOT_UNITS (HP_HUGEPAGE_BYTES / HP_UNIT_BYTES)
#define HP_SLOT_BYTES ((size_t)128)

static_assert(HP_SLOT_UNITS == HP_BITMAP_BITS, "a slot's units are the bits of one bitmap");

enum hp_slot_state { HP_SLOT_FREE, HP_SLOT_IDLE, HP_SLOT_BUSY, HP_SLOT_USED };

/* What is mapped at the slot. */
enum hp_mapping {
	HP_MAPPING_NONE, /* reserved address space */
	HP_MAPPING_BASE, /* normal memory, huge pages forbidden or not asked for */
	HP_MAPPING_THP,	 /* normal memory, transparent huge pages asked for */
	HP_MAPPING_HUGE, /* hugetlb without reservation: populated before it is USED */
};

/*
 * What slots in use stand on: what the options say, or what an arena asked for. Slots of one ground
 * serve no other; what is not BUSY or USED is common.
 */
enum hp_ground {
	HP_GROUND_COMMON,
	HP_GROUND_AUTO, /* as enum hp_backing_choice, from here on */
	HP_GROUND_HUGETLB,
	HP_GROUND_THP,
	HP_GROUND_BASE,
	HP_GROUNDS,
};

struct hp_slot {
	hp_bitmap free;
	hp_bitmap touched;
	hp_bitmap edges;      /* see edges.h; pool lock, or the BUSY owner's */
	struct hp_list link;  /* IDLE: the idle list; USED: units by longest run */
	struct hp_list dirty; /* USED: slots whose free units hold memory, oldest first */
	uint64_t since_ms;    /* IDLE: since when; USED: when it came on the dirty list */
	uint8_t state;
	uint8_t mapping;
	uint8_t longest;
	uint8_t ground;
	bool is_warm;	 /* USED: stands on base pages until the warm-up is over */
	bool is_pinned;	 /* USED: stays so though empty */
	bool is_trimmed; /* USED: free units gave their memory back because of the bound */
	bool is_copied;	 /* into the snapshot of the fork that goes on */
	bool is_rescued; /* its mapping: moved off a shared page, or about to be; see rescue.h */
	bool has_memory; /* held from the system and counted; pool lock, or the BUSY owner's */

	/* Under hardening: see span/live.h. Set once. */
	_Atomic(void *) live;
} HP_ALIGNED(128);

static_assert(sizeof(struct hp_slot) == HP_SLOT_BYTES, "one slot, two cache lines");

/* The kinds of page that hold memory, as the statistics name them. */
static inline bool hp_slot_is_normal(const struct hp_slot *slot)
{
	return slot->mapping == HP_MAPPING_BASE || slot->mapping == HP_MAPPING_THP;
}

#endif

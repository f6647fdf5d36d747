/*
 * Under hardening: blocks that were freed wait here before they can be allocated again, so that who
 * uses one after its free meets junk, not another's data. For each band of sizes a table: when half
 * of it is full, the other half is let go, in no foreseeable order. At most 127 blocks and 420 KB a
 * thread, and 8 large blocks of 16 MB together.
 *
 * For an arena's owner or claimer, the gate passed.
 */
#ifndef HP_ARENA_QUARANTINE_H
#define HP_ARENA_QUARANTINE_H

#include "arena/arena.h"

#define HP_QUARANTINE_BANDS 7
#define HP_QUARANTINE_PLACES 128
#define HP_QUARANTINE_LARGE_PLACES 8

/* All zero in the beginning. */
struct hp_quarantine {
	struct hp_quarantine_band {
		void **next;	/* the place for the next block; NULL before the first */
		uintptr_t room; /* empty places from there on, to be filled before others go */
	} bands[HP_QUARANTINE_BANDS];
	void *places[HP_QUARANTINE_PLACES];
	uint64_t random;
	uint8_t oldest_large;
	size_t large_bytes;
	struct hp_span *large[HP_QUARANTINE_LARGE_PLACES];
} HP_ALIGNED(64);

/* Sixteen classes are two doublings. */
static inline unsigned hp_quarantine_band_of(unsigned class)
{
	return class < 4 ? 0 : class / 16 + 1;
}

static_assert((HP_CLASS_COUNT - 1) / 16 + 1 < HP_QUARANTINE_BANDS, "each class has a band");

/*
 * Takes in a block that was filled with junk, and, if the slab is this arena's, is not live any
 * more. False if others must go first.
 */
static inline bool hp_quarantine_try_put(struct hp_arena *arena, const struct hp_span *slab,
					 void *block)
{
	struct hp_quarantine *quarantine = arena->quarantine;
	struct hp_quarantine_band *band;

	if (HP_UNLIKELY(!quarantine))
		return false;
	band = &quarantine->bands[hp_quarantine_band_of(slab->class)];
	if (HP_UNLIKELY(!band->room))
		return false;
	band->room--;
	*band->next++ = block;
	return true;
}

/*
 * The same, always: those that have waited long enough go on, to their slabs, or on their way to
 * their owners.
 */
void hp_quarantine_put(struct hp_arena *arena, struct hp_span *slab, void *block);

/* The same for a large block, claimed by hp_seal_claim(). */
void hp_quarantine_put_large(struct hp_arena *arena, struct hp_span *large);

/* Lets all go on. The outbox may be full afterwards: to be flushed. */
void hp_quarantine_release(struct hp_arena *arena);

/* In the child of a fork, for an arena whose thread is gone: all go to their owners' inboxes. */
void hp_quarantine_inherit(struct hp_arena *arena);

/* What waits, for statistics: added up. Beside the owner, as arena/tally.h says. */
struct hp_quarantine_load {
	uint32_t blocks[HP_CLASS_COUNT];
	uint64_t large_blocks, large_bytes;
};
void hp_quarantine_count(const struct hp_arena *arena, struct hp_quarantine_load *load);

/* Dies if one of the blocks was written to. */
void hp_quarantine_audit(const struct hp_arena *arena);

#endif

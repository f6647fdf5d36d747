/*
 * Under hardening: blocks that were freed wait here before they can be allocated again, so that who
 * uses one after its free meets junk, not another's data. For each band of sizes a table, in which
 * a block takes the place of one that has been there long enough, in no foreseeable order. At most
 * 127 blocks and 420 KB a thread, and 8 large blocks of 16 MB together.
 *
 * For an arena's owner or claimer, the gate passed.
 */
#ifndef HP_ARENA_QUARANTINE_H
#define HP_ARENA_QUARANTINE_H

#include "arena/arena.h"

/*
 * Takes in a block that was filled with junk, and, if the slab is this arena's, is not live any
 * more. Another one that has waited long enough goes on: to its slab, or on its way to its owner.
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

/*
 * What the arenas have that no span tells, for statistics: blocks that were freed and are not back
 * yet, and what the slow paths counted.
 *
 * The arenas' threads go on. The list of arenas is walked under RCU or in a guest section, which
 * keeps each of them; its fields are plain ones of its owner, each loaded once and without order:
 * exact where the owner rests. A slab that an outbox or a quarantine names is a cell of a region's
 * table, or a block to be looked up there: both are never unmapped. A quarantine's memory is never
 * used for anything else (rt/meta.h).
 */
#ifndef HP_ARENA_TALLY_H
#define HP_ARENA_TALLY_H

#include "arena/quarantine.h"

struct hp_tally {
	uint64_t arenas;
	uint32_t inbox[HP_CLASS_COUNT]; /* blocks */
	uint32_t outbox[HP_CLASS_COUNT];
	struct hp_quarantine_load quarantine;
	struct hp_arena_counts counts;
};

/* In a read or guest section, or at fork. Takes the registry lock for a moment. */
void hp_tally_arenas(struct hp_tally *out_tally);

/* Blocks in the outbox of one arena. */
uint64_t hp_tally_outbox(const struct hp_arena *arena);

/* Adds `more`, which may be those of another thread. */
void hp_tally_add_counts(struct hp_arena_counts *counts, const struct hp_arena_counts *more);

#endif

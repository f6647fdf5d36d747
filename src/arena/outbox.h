/*
 * Blocks of other arenas that a thread freed, collected by slab and handed over together: one
 * compare-and-swap an owner. Few in bytes and blocks, and flushed whenever malloc looks for a slab,
 * so that a thread holds up little of what others could use.
 */
#ifndef HP_ARENA_OUTBOX_H
#define HP_ARENA_OUTBOX_H

#include "arena/arena.h"

/*
 * `block` is one of `slab`, whose owner is another arena. The gate is passed. True if the outbox is
 * full: hp_outbox_flush() must follow. Keeps errno.
 */
bool hp_outbox_add(struct hp_arena *arena, struct hp_span *slab, void *block);

/* Hands everything over. The gate is passed. */
void hp_outbox_flush(struct hp_arena *arena);

/* Hands one block to its owner, from a guest section. */
void hp_outbox_hand_over(struct hp_span *slab, void *block);

/* In the child of a fork: hands over what an inherited arena had collected; no orphan is worked
 * on yet. */
void hp_outbox_inherit(struct hp_arena *arena);

#endif

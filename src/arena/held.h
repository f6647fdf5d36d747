/*
 * What the files of explicit.h share: what an arena holds, against its limit, and the brackets
 * around all that its user does.
 */
#ifndef HP_ARENA_HELD_H
#define HP_ARENA_HELD_H

#include "arena/explicit.h"

/* More, before it is taken; false if the limit forbids it, though what is empty has gone back. */
bool hp_held_add(struct hp_explicit *explicit, size_t bytes);

/* The same, of what is convenient and not needed: nothing goes back for it. */
bool hp_held_try_add(struct hp_explicit *explicit, size_t bytes);

/* A request came to nothing: if so many bytes are what the limit forbids, it counts as refused. */
void hp_held_note_failure(struct hp_explicit *explicit, size_t bytes);

/* Less, when it is given back. */
void hp_held_remove(struct hp_explicit *explicit, size_t bytes);

/* Takes the lock, if it is shared. */
void hp_explicit_begin(struct hp_explicit *explicit);

/* Lets it go, and gives back what has run empty meanwhile; whether anything had. */
bool hp_explicit_finish(struct hp_explicit *explicit);

/*
 * What has run empty leaves the arena, as its user; and is given back, without a lock. The arena
 * itself may be gone by then.
 */
void hp_explicit_detach(struct hp_explicit *explicit, struct hp_list *slabs);
void hp_explicit_give_slabs(struct hp_list *slabs);

/* A large block that is off its arena's list; without a lock. */
void hp_explicit_drop_large(struct hp_explicit *explicit, struct hp_span *large);

#endif

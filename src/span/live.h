/*
 * Under hardening: which blocks of slabs are live, a bit for each 16 bytes of a slot, away from the
 * blocks. So that a double free is known whatever the program has written.
 *
 * The slab's owner changes the bits, in the order in which it comes to know of things: a block that
 * another thread frees stays live until the owner has it back. Any thread may look.
 */
#ifndef HP_SPAN_LIVE_H
#define HP_SPAN_LIVE_H

#include "span/span.h"

/* Before the first block of a slab that lies there; false if there is no memory. */
bool hp_live_prepare(const struct hp_span *slab);

/* Both tell whether it was live before; false too for what is no start of a block. */
bool hp_live_set(const struct hp_span *slab, const void *block);
bool hp_live_clear(const struct hp_span *slab, const void *block);

bool hp_live_is_set(const struct hp_span *slab, const void *block);

#endif

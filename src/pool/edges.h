/*
 * What moves leave behind. To move pages is to move their mapping (mremap): at its new place it
 * does not merge with its neighbours, for its offset is another; if it was several mappings, they
 * all go along, and as many stay where it was. A process has 65,530 mappings (vm.max_map_count),
 * the program's own among them, and one that resizes large blocks for hours would use them up.
 *
 * So each slot knows at which units a mapping may start, and a move is refused, and a copy made,
 * where there are too many. That is a bound, not the truth: neighbours may merge after all.
 */
#ifndef HP_POOL_EDGES_H
#define HP_POOL_EDGES_H

#include <stdbool.h>

#include "pool/slot.h"

/*
 * `count` units from `first` on, of normal memory, are about to be moved to the same units of
 * another slot. Under the pool lock. False if they shall not.
 */
bool hp_edges_move(const struct hp_slot *from, struct hp_slot *to, unsigned first, unsigned count);

/* All of the slot is one mapping again. By its BUSY owner, or under the pool lock. */
void hp_edges_clear(struct hp_slot *slot);

#endif

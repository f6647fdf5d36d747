/*
 * Fork with hugetlb pages: the child gets a copy on normal memory, so that neither side ever needs
 * a page of the pool that is not there. The parent's pages stay where they are.
 *
 * All with every lock held; the caller passes them.
 */
#ifndef HP_API_SNAPSHOT_H
#define HP_API_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

/* Once, from the constructor. */
void hp_snapshot_init(void);

/* How many pages of the pool a child would share without it. */
size_t hp_snapshot_slots(void);

/* How many of them other processes share already; false where the system does not tell. */
bool hp_snapshot_shared_slots(size_t *out_slots);

/* An earlier one could not be undone as a whole: without another, a child would miss pages. */
bool hp_snapshot_is_due(void);

/*
 * Prepare: copies the hugetlb slots in use, and keeps the originals from the child. False where
 * there is no memory for that: the child shares them.
 */
bool hp_snapshot_take(void);

/* Parent: drops the copy. */
void hp_snapshot_drop(void);

/* Child: moves the copy, if there is one, to where the originals were. */
void hp_snapshot_install(void);

#endif

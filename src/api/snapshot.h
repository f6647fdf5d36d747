/*
 * Fork with hugetlb pages: the child gets a copy on normal memory, so that neither side ever needs
 * a page of the pool that is not there. The parent's pages stay where they are.
 *
 * All three with every lock held; the caller passes them.
 */
#ifndef HP_API_SNAPSHOT_H
#define HP_API_SNAPSHOT_H

/*
 * Prepare: copies the hugetlb slots in use, and keeps the originals from the child. Where there is
 * no memory for that, the pages are shared copy-on-write instead.
 */
void hp_snapshot_take(void);

/* Parent: drops the copy. */
void hp_snapshot_drop(void);

/* Child: moves the copy to where the originals were. */
void hp_snapshot_install(void);

#endif

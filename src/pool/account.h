/*
 * The pool's share of the statistics: what is held on which kind of page, the peak, and why not
 * on a better one. All under the pool lock, but for one.
 */
#ifndef HP_POOL_ACCOUNT_H
#define HP_POOL_ACCOUNT_H

#include "pool/backing.h"

/* The slots of a run got their memory: sets has_memory. */
void hp_account_filled(struct hp_run run, const struct hp_backing_result *result);

/* They are about to lose it: clears has_memory, the mapping being the old. */
enum hp_emptied { HP_EMPTIED_PURGED, HP_EMPTIED_MOVED };
void hp_account_emptied(struct hp_run run, enum hp_emptied how);

/* A purge that was accounted could not be done for these. */
void hp_account_kept(struct hp_run run);

/* The mapping of slots with memory changes from what it is to `mapping`. */
void hp_account_remapped(struct hp_run run, enum hp_mapping mapping);

/* So many slots with memory are not where they were to be: see HP_FALLBACK_COUNT. */
void hp_account_fallback(enum hp_fallback reason, size_t slots);

/*
 * A slot in use went from hugetlb to transparent huge pages, in a signal handler: counted with the
 * next of the others, or by hp_account_settle(). Async-signal-safe, without the lock.
 */
void hp_account_rescued(void);
void hp_account_settle(void);

/* A slot with memory starts or ends to be idle. */
void hp_account_idle(const struct hp_slot *slot, bool is_idle);

/* False where a limit forbids more: then nothing is counted. */
bool hp_account_base_units(long units);
void hp_account_purged(size_t bytes);
void hp_account_copied(size_t bytes);

/* Held now and at the peak, in slots' worth. */
size_t hp_account_peak_slots(void);

#endif

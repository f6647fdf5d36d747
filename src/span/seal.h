/*
 * Under hardening: large blocks between their free and their reuse. Where they lie on normal
 * memory the system lets nobody read or write them meanwhile; a hugetlb page it can only protect
 * as a whole, so there junk is written and looked for.
 *
 * For who has freed the block; no lock.
 */
#ifndef HP_SPAN_SEAL_H
#define HP_SPAN_SEAL_H

#include "span/span.h"

/* False if the block was freed before. */
bool hp_seal_claim(struct hp_span *large);

static inline bool hp_seal_is_claimed(const struct hp_span *large)
{
	return __atomic_load_n(&large->state, __ATOMIC_RELAXED);
}

/* Closes a claimed one. */
void hp_seal_close(const struct hp_span *large);

/* Whether it is as it was closed. */
bool hp_seal_is_whole(const struct hp_span *large);

/* Opens it again; false if that cannot be: its address space is lost then, and nothing worse. */
bool hp_seal_open(const struct hp_span *large);

#endif

/*
 * Whether hardening is on, its secrets, and its checks of blocks on the free lists. What it writes
 * into blocks is in span/marks.h.
 */
#ifndef HP_SPAN_HARDEN_H
#define HP_SPAN_HARDEN_H

#include "span/slab.h"

/* Chooses the secrets: from now on it is on. */
void hp_harden_begin(void);

static inline bool hp_harden_is_on(void)
{
	return HP_UNLIKELY(hp_secrets.key);
}

/* Dies if a block that has no link yet was written to. */
void hp_harden_check_unlinked(const struct hp_span *slab, const void *block);

/* Says that a free block was written to. */
HP_COLD HP_NORETURN void hp_harden_report_write(const struct hp_span *slab, const void *block);

/*
 * Takes a block off the free list, live from now on; NULL if there is none. One that was written to
 * after its free ends the program here.
 */
void *hp_harden_pop(struct hp_span *slab);

/* Numbers that an attacker should not foresee; `state` is the caller's, of hp_harden_seed(). */
uint64_t hp_harden_seed(const void *of);

static inline uint32_t hp_harden_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 32);
}

#endif

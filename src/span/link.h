/*
 * Links of the lists of free blocks, in the blocks' first words. Under hardening they are sealed,
 * and marked in fresh blocks, which no free has filled with junk; else a link is the next block's
 * address, which is what the hit paths of malloc and free take it for.
 */
#ifndef HP_SPAN_LINK_H
#define HP_SPAN_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "span/secret.h"

#define HP_LINK_FRESH ((uintptr_t)1)
#define HP_LINK_REACH ((uintptr_t)1 << 20) /* no slab is longer */

/* What a word at this address holds for a value: the value itself without hardening. */
static inline uintptr_t hp_link_seal(uintptr_t value, const void *at)
{
	return HP_LIKELY(!hp_secrets.key) ? value : hp_secret_seal(value, at, hp_secrets.link);
}

static inline uintptr_t hp_link_open(uintptr_t word, const void *at)
{
	return HP_LIKELY(!hp_secrets.key) ? word : hp_secret_open(word, at, hp_secrets.link);
}

static inline void hp_link_set(void *block, const void *next)
{
	*(uintptr_t *)block = hp_link_seal((uintptr_t)next, block);
}

/* The same, known to be under hardening. */
static inline void hp_link_set_sealed(void *block, const void *next)
{
	*(uintptr_t *)block = hp_secret_seal((uintptr_t)next, block, hp_secrets.link);
}

static inline void hp_link_set_fresh(void *block, const void *next)
{
	*(uintptr_t *)block =
		hp_secret_seal((uintptr_t)next | HP_LINK_FRESH, block, hp_secrets.link);
}

/* The next block, with marks; anything at all if it was written to. */
static inline uintptr_t hp_link_read(const void *block)
{
	return hp_link_open(*(const uintptr_t *)block, block);
}

static inline uintptr_t hp_link_read_sealed(const void *block)
{
	return hp_secret_open(*(const uintptr_t *)block, block, hp_secrets.link);
}

static inline void *hp_link_next(const void *block)
{
	return (void *)(hp_link_read(block) & ~HP_LINK_FRESH);
}

/* Whether a link of this block may lead there: what was written to leads far away. */
static inline bool hp_link_can_be(const void *block, uintptr_t next)
{
	uintptr_t ahead = next - (uintptr_t)block + HP_LINK_REACH;

	/* Rotated: both less than twice the reach, and a multiple of 16. */
	return HP_LIKELY((ahead >> 4 | ahead << 60) < 2 * HP_LINK_REACH / 16) || !next;
}

#endif

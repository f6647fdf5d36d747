/*
 * Links of the lists of free blocks, in the blocks' first words. Under hardening they are encoded,
 * by a key and their own address, and marked in fresh blocks, which no free has filled with junk;
 * else the key is 0 and a link is the next block's address, which is what the hit paths of malloc
 * and free take it for.
 */
#ifndef HP_SPAN_LINK_H
#define HP_SPAN_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define HP_LINK_FRESH ((uintptr_t)1)
#define HP_LINK_MARKS ((uintptr_t)15) /* blocks are aligned to 16 */

/* Odd, or 0. Set once, before any thread but the first. */
extern HP_HIDDEN uintptr_t hp_link_key;

/* What a word at this address is combined with: 0 without a key. */
static inline uintptr_t hp_link_keyed_pad(const void *at)
{
	uintptr_t product = ((uintptr_t)at ^ hp_link_key) * hp_link_key;

	return product ^ (product >> 32);
}

/* The same, cheaper without a key. */
static inline uintptr_t hp_link_pad(const void *at)
{
	return HP_LIKELY(!hp_link_key) ? 0 : hp_link_keyed_pad(at);
}

static inline void hp_link_set(void *block, const void *next)
{
	*(uintptr_t *)block = (uintptr_t)next ^ hp_link_pad(block);
}

static inline void hp_link_set_keyed(void *block, const void *next)
{
	*(uintptr_t *)block = (uintptr_t)next ^ hp_link_keyed_pad(block);
}

static inline void hp_link_set_fresh(void *block, const void *next)
{
	*(uintptr_t *)block =
		((uintptr_t)next | (hp_link_key & HP_LINK_FRESH)) ^ hp_link_pad(block);
}

/* The next block, with marks; anything at all if it was written to. */
static inline uintptr_t hp_link_read(const void *block)
{
	return *(const uintptr_t *)block ^ hp_link_pad(block);
}

static inline uintptr_t hp_link_read_keyed(const void *block)
{
	return *(const uintptr_t *)block ^ hp_link_keyed_pad(block);
}

static inline void *hp_link_next(const void *block)
{
	return (void *)(hp_link_read(block) & ~HP_LINK_FRESH);
}

#endif

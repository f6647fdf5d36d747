/*
 * HPALLOC_HARDEN=2: one allocation in HPALLOC_GUARD_RATE gets a base page of its own, between
 * pages that nobody can touch, in a region beside the heap. A touch beyond it, or after its free,
 * ends the program at once, with the stacks of who allocated and who freed it.
 *
 * Any function in any thread; no locks.
 */
#ifndef HP_API_GUARD_H
#define HP_API_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct hp_guard_region {
	uintptr_t base;
	size_t bytes; /* 0: there is none */
};

extern HP_HIDDEN struct hp_guard_region hp_guard_region;

/* Once. Without address space there are no guards. */
void hp_guard_init(void);

static inline bool hp_guard_owns(const void *address)
{
	return HP_UNLIKELY((uintptr_t)address - hp_guard_region.base < hp_guard_region.bytes);
}

/* Where there are guards: whether it is this allocation's turn. */
bool hp_guard_is_due(void);

/* A block, all zero; NULL if it is too large, or all places are taken. */
void *hp_guard_take(size_t bytes, size_t align_bytes);

/* For addresses of the region: misuse dies. The second is the size that was asked for. */
void hp_guard_give(void *block);
size_t hp_guard_usable(const void *block, const char *verb);

/* For statistics: how many are live, of a page each. */
uint64_t hp_guard_count(void);

#endif

/* Pages of the pool for a program that is about to start. */
#ifndef HP_TOOLS_POOL_RESERVE_H
#define HP_TOOLS_POOL_RESERVE_H

#include <stdint.h>

#include "pool/pools.h"

/*
 * Sees to it that so much of the pool of 2 MB pages is free. Says what it changed, or why it could
 * not and how root does it: the program runs all the same.
 */
void hp_reserve(uint64_t bytes);

/*
 * The same without a word: 0, or what hp_pool_resize() returns. The target is 0 where enough was
 * free; else the change says how far it got.
 */
int hp_reserve_pages(uint64_t bytes, struct hp_pool_change *out_change);

#endif

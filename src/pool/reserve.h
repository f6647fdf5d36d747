/*
 * Hugepages that are made ready before anybody needs them: populated, and kept idle beyond the
 * bound and the decay. Any function in any thread; no lock.
 */
#ifndef HP_POOL_RESERVE_H
#define HP_POOL_RESERVE_H

#include <stddef.h>

/*
 * Sees to it that so many slots are idle, and from now on keeps so many that come to idle. Returns
 * how many are ready. None is an end to that: they go by the decay.
 */
size_t hp_reserve(size_t slots);

#endif

/* Pages of the pool for a program that is about to start. */
#ifndef HP_TOOLS_RESERVE_H
#define HP_TOOLS_RESERVE_H

#include <stdint.h>

/*
 * Sees to it that so much of the pool of 2 MB pages is free. Says what it changed, or why it could
 * not and how root does it: the program runs all the same.
 */
void hp_reserve(uint64_t bytes);

#endif

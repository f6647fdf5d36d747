/*
 * Forks that had to copy much. After some of these in a row the heap grows on transparent huge
 * pages, which a fork shares at no cost, until there was none for a while.
 *
 * Any function in any thread; no lock.
 */
#ifndef HP_POOL_FORKS_H
#define HP_POOL_FORKS_H

#include <stdbool.h>
#include <stdint.h>

void hp_forks_note_costly(void);

/* Whether the process forks a large heap again and again. */
bool hp_forks_are_costly(uint64_t now_ms);

#endif

/*
 * Memory of the system goes back. munmap() fails where the process is at its limit of mappings and
 * one would be split, which merging with a neighbour is enough for. Such memory is emptied,
 * remembered, and tried again whenever other memory goes back.
 */
#ifndef HP_RT_RELEASE_H
#define HP_RT_RELEASE_H

#include <stddef.h>

/*
 * Gives address space and all on it back, now or later; the caller has no more to do with it. A
 * negative errno if later. Any thread, beside any other, in signal handlers, too.
 */
int hp_release(void *address, size_t bytes);

/* Tries again what is remembered: a negative errno if some of it stays. As hp_release(). */
int hp_release_rest(void);

#endif

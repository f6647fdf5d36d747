/* What hp_trim() does, for malloc where a limit has refused: no grace period is awaited. */
#ifndef HP_API_CONTROL_H
#define HP_API_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Gives all idle memory but `keep_bytes` back: the caller's own, that of ended threads, the pool's;
 * whether there was any. The gate is not to be passed yet; no lock.
 */
bool hp_control_release(size_t keep_bytes);

#endif

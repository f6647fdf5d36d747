/*
 * How much was allocated and freed by which stack, estimated from samples.
 *
 * A table that only grows. No lock: any thread adds, and who walks sees each stack whole and its
 * counts as of some moment; the child of a fork inherits it, at worst with one stack less.
 */
#ifndef HP_PROFILE_STACKS_H
#define HP_PROFILE_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HP_STACKS_FRAMES 48u
#define HP_STACKS_ONE ((uint64_t)1 << 16) /* objects are counted in parts of one */

struct hp_stacks_counts {
	uint64_t allocated, allocated_bytes, freed, freed_bytes;
};

/* Of one stack: written by add and remove alone. */
struct hp_stacks_entry;

/* Once, before any other; false if there is no memory. */
bool hp_stacks_init(void);

/*
 * A sample of `bytes` bytes, by return addresses, innermost first, 0 behind the last. Never NULL:
 * when the table is full, an entry without frames has the rest.
 */
struct hp_stacks_entry *hp_stacks_add(const uintptr_t frames[HP_STACKS_FRAMES], size_t bytes,
				      size_t mean);

/* The block of such a sample was freed. */
void hp_stacks_remove(struct hp_stacks_entry *entry, size_t bytes, size_t mean);

/* Entries are numbered from 0: the frames of one and its counts, or NULL behind the last. */
const uintptr_t *hp_stacks_get(size_t number, struct hp_stacks_counts *out_counts);

#endif

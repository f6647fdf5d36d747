/*
 * The malloc behind ours, for pointers that are not ours and for a process in which no address
 * space can be had. The preload library defines hp_foreign_next(); elsewhere there is none, and a
 * foreign pointer is misuse.
 */
#ifndef HP_API_FOREIGN_H
#define HP_API_FOREIGN_H

#include <stddef.h>

struct hp_foreign {
	void (*free)(void *block);
	void *(*realloc)(void *block, size_t bytes);
	size_t (*usable_size)(void *block);
	void *(*malloc)(size_t bytes);
	void *(*aligned_alloc)(size_t align, size_t bytes);
};

const struct hp_foreign *hp_foreign_next(void) __attribute__((weak));

static inline const struct hp_foreign *hp_foreign(void)
{
	return hp_foreign_next ? hp_foreign_next() : NULL;
}

#endif

/*
 * Blocks by class, from whatever arena serves the calling thread: what malloc, calloc, aligned
 * allocation and realloc share below the hit path.
 */
#ifndef HP_API_BLOCK_H
#define HP_API_BLOCK_H

#include <hpalloc/hpalloc.h>

#include "arena/arena.h"

enum hp_content { HP_CONTENT_ANY, HP_CONTENT_ZERO };

/*
 * A block of at least `bytes`, aligned to `align_bytes`, a power of two; unless that is 1, a large
 * block. NULL with ENOMEM if there is no memory. On success errno is as before. Starts the heap and
 * the thread if need be.
 */
HP_NOINLINE void *hp_block_take(size_t bytes, size_t align_bytes, enum hp_content content);

/* The same, not watched and without a profile, in a heap that has started. */
HP_NOINLINE void *hp_block_take_plain(size_t bytes, size_t align_bytes, enum hp_content content);

/* Frees a block that the hit path of free did not know: any pointer at all. Keeps errno. */
HP_NOINLINE void hp_block_give(void *block);

/* The same, not watched, and not of NULL. */
void hp_block_give_plain(void *block);

/* The same where the slab is known to be the calling thread's own. Keeps errno. */
HP_NOINLINE void hp_block_give_own(void *block, struct hp_span *slab);

/* The same where it is not, as far as is known: a block of this span, or no block. */
HP_NOINLINE void hp_block_give_other(void *block, struct hp_span *span);

/* The same, not watched. */
void hp_block_give_other_plain(void *block, struct hp_span *span);

/* hp_realloc(), not watched: what a block is made of must be plain, or hardened, all through. */
void *hp_block_resize(void *block, size_t bytes);

/* The span of a block that must be one of ours, and a block's start: misuse dies with `verb`. */
struct hp_span *hp_block_span(const void *block, const char *verb);

/* As a slow path: NULL if the large block can neither be resized nor moved. */
void *hp_block_resize_large(struct hp_span *large, size_t bytes);

/* Bytes that can be used of a block of this span; under hardening its tail is among them. */
size_t hp_block_bytes(const struct hp_span *span);

struct hp_foreign;

/* The allocator behind ours for a block that is not ours; dies with `verb` if it is nobody's. */
const struct hp_foreign *hp_block_foreign(const void *block, const char *verb);

#endif

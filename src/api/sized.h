/*
 * What a caller says of a block that it frees, against what the heap knows of it. Nothing is said
 * where the block is another allocator's: its own free will tell.
 */
#ifndef HP_API_SIZED_H
#define HP_API_SIZED_H

#include <stddef.h>

/* Dies unless a block of `bytes`, by malloc, calloc or realloc, can be this one. NULL is fine. */
void hp_sized_check(const void *block, size_t bytes);

/* The same for a block that was asked for with this alignment, by aligned_alloc. */
void hp_sized_check_aligned(const void *block, size_t align, size_t bytes);

/* As far as the alignment alone tells. */
void hp_sized_check_alignment(const void *block, size_t align);

#endif

/*
 * HPALLOC_HARDEN: what the functions of api/ do instead, or besides, when it is on. Nothing of it
 * is on a hit path, for then there are no hits: hp_self is &hp_arena_watched. The blocks
 * themselves come and go as ever, with what span/harden.h describes in them.
 */
#ifndef HP_API_HARDEN_H
#define HP_API_HARDEN_H

#include "api/block.h"
#include "api/guard.h"
#include "span/harden.h"

/* Once, from the constructor, if the option says so. What was allocated before stays as it is. */
void hp_harden_init(void);

/* hp_block_take() */
void *hp_harden_take(size_t bytes, size_t align_bytes, enum hp_content content);

/* hp_block_give(), of a block that is not NULL */
void hp_harden_give(void *block);

/* The same, of this span, which is of the main region; or no block. */
void hp_harden_give_of(void *block, struct hp_span *span);

/* Whether a block that may be of this span is as hardening made it. */
static inline bool hp_harden_has(const struct hp_span *span, const void *block)
{
	return span ? span->is_hardened : hp_guard_owns(block);
}

/* hp_realloc(), of a block with hp_harden_has(), and a size that can be and is not 0. */
void *hp_harden_realloc(void *block, size_t bytes);

/* How many bytes such a block was asked for with; dies with `verb` if it is none. */
size_t hp_harden_usable(const void *block, const char *verb);

#endif

/*
 * What hardening writes into blocks, and looks for.
 *
 *   live   the request | fill up to the tail | tail: how long the fill is, and a hash
 *   free   word 0: the link | junk | tail: the hash, marked
 *
 * A free block's word 1 is other than junk while it is on its way to its owner (arena/chain.h).
 * The hash is of the block's address and a secret. All for who has the block.
 */
#ifndef HP_SPAN_HARDEN_H
#define HP_SPAN_HARDEN_H

#include "span/slab.h"

#define HP_TAIL_BYTES ((size_t)8)
#define HP_HARDEN_MIN_BYTES ((size_t)32) /* a block has at least link, chain, junk and tail */
#define HP_HARDEN_FILL_MAX ((size_t)0xfff0)

/* Chooses the secrets: from now on it is on. */
void hp_harden_begin(void);

static inline bool hp_harden_is_on(void)
{
	return HP_UNLIKELY(hp_link_key);
}

/* A block of `have` bytes in all, of which the program asked for `bytes`. */
void hp_harden_arm(void *block, size_t have, size_t bytes);

enum hp_harden_found { HP_FOUND_LIVE, HP_FOUND_FREED, HP_FOUND_OVERRUN };

/* What a block's end says; *out_bytes is what was asked for, if it is live. */
enum hp_harden_found hp_harden_look(const void *block, size_t have, size_t *out_bytes);

/* Whether a live block was written to beyond its end, for a look while its owner goes on. */
bool hp_harden_is_overrun(const void *block, size_t have);

/* A live block of a slab is filled with junk, where its link will be, too. */
void hp_harden_junk(void *block, size_t have);

/* Makes word 1 junk again. */
void hp_harden_arrived(void *block);

/* Whether a block that was freed is as it was left: but for its first word; its first word. */
bool hp_harden_is_junk(const void *block, size_t have);
bool hp_harden_is_junk_at(const void *block);

/* Dies if a block that has no link yet was written to. */
void hp_harden_check_unlinked(const struct hp_span *slab, const void *block);

/* Dies if a block on a free list of its slab was written to; `link` is its first word, decoded. */
void hp_harden_check_free(const struct hp_span *slab, const void *block, uintptr_t link);

/* Numbers that an attacker should not foresee; `state` is the caller's, of hp_harden_seed(). */
uint64_t hp_harden_seed(const void *of);

static inline uint32_t hp_harden_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 32);
}

#endif

/*
 * Chains: freed blocks of one slab on their way to its owner, who takes a chain in as a whole and
 * touches three of its blocks at most. What it needs to know is in the blocks:
 *
 *   first    word 0: the next block   word 1: the next chain, and above 48 bits how many blocks
 *   second   word 0: the next block   word 1: the last block
 *   others   word 0: the next block
 *
 * Word 0 is a link of span/link.h; word 1 is encoded in the same way.
 *
 * A chain is one thread's until it is sealed and pushed into an inbox.
 */
#ifndef HP_ARENA_CHAIN_H
#define HP_ARENA_CHAIN_H

#include "span/slab.h"

#define HP_CHAIN_BLOCKS_MAX 65535u
#define HP_CHAIN_COUNT_SHIFT 48 /* user addresses have 48 bits at most, unless more are asked for */

struct hp_chain {
	struct hp_span *slab; /* NULL: no chain */
	void *first, *last;
	uint32_t count;
};

static inline struct hp_chain hp_chain_of_one(struct hp_span *slab, void *block)
{
	return (struct hp_chain){ .slab = slab, .first = block, .last = block, .count = 1 };
}

/*
 * At the end: the owner then allocates the blocks in the order in which they were freed, which is
 * the order of their addresses as long as nothing disturbs it, and caches prefetch them.
 */
static inline void hp_chain_add(struct hp_chain *chain, void *block)
{
	hp_link_set(chain->last, block);
	chain->last = block;
	chain->count++;
}

static inline uintptr_t hp_chain_word(const void *block)
{
	const uintptr_t *word = (const uintptr_t *)block + 1;

	return hp_link_open(*word, word);
}

static inline void hp_chain_set_word(void *block, uintptr_t value)
{
	uintptr_t *word = (uintptr_t *)block + 1;

	*word = hp_link_seal(value, word);
}

/* Sets which chain follows one that is sealed. */
static inline void hp_chain_link(void *first, uintptr_t next)
{
	uintptr_t word = hp_chain_word(first);

	hp_chain_set_word(first, word >> HP_CHAIN_COUNT_SHIFT << HP_CHAIN_COUNT_SHIFT | next);
}

/* Writes the chain's description into its blocks; its first block then stands for all of it. */
static inline void *hp_chain_seal(const struct hp_chain *chain, void *next)
{
	hp_chain_set_word(chain->first,
			  (uintptr_t)chain->count << HP_CHAIN_COUNT_SHIFT | (uintptr_t)next);
	if (chain->count > 1)
		hp_chain_set_word(hp_link_next(chain->first), (uintptr_t)chain->last);
	if (hp_secrets.key) /* so that a write shows there, too */
		hp_link_set(chain->last, NULL);
	return chain->first;
}

/*
 * The sealed chain that begins with this block of the slab; *out_next is the next chain's. Its
 * count is 0 if its links were overwritten, as far as that shows.
 */
static inline struct hp_chain hp_chain_read(struct hp_span *slab, void *first, void **out_next)
{
	uintptr_t word = hp_chain_word(first);
	struct hp_chain chain = hp_chain_of_one(slab, first);

	chain.count = (uint32_t)(word >> HP_CHAIN_COUNT_SHIFT);
	if (chain.count > 1 && hp_span_find(hp_link_next(first)) == slab)
		chain.last = (void *)hp_chain_word(hp_link_next(first));
	if ((chain.last == first) != (chain.count == 1) || !hp_slab_has_block(slab, chain.last))
		chain.count = 0;
	*out_next = (void *)(word & (((uintptr_t)1 << HP_CHAIN_COUNT_SHIFT) - 1));
	return chain;
}

#endif

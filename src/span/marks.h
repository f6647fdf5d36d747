/*
 * What hardening writes into blocks, and looks for.
 *
 *   live   the request | fill up to the tail | tail: how long the fill is, and a hash
 *   free   word 0: the link | junk to the end
 *
 * Of the fill only the first and the last 8 bytes are written: an overrun that comes from the block
 * meets the first. A free block's word 1 is other than junk while it is on its way to its owner
 * (arena/chain.h). The hash is of the block's address and a secret. All for who has the block.
 */
#ifndef HP_SPAN_MARKS_H
#define HP_SPAN_MARKS_H

#include <stdatomic.h>
#include <string.h>

#include "base/check.h"
#include "span/harden.h"

#define HP_TAIL_BYTES ((size_t)8)
#define HP_HARDEN_MIN_BYTES ((size_t)32) /* a block has at least link, chain, junk and tail */
#define HP_HARDEN_FILL_MAX ((size_t)0xfff0)

#define HP_JUNK ((uint64_t)0xdfdfdfdfdfdfdfdf) /* no address, and no small number */
#define HP_FILL ((uint64_t)0xfdfdfdfdfdfdfdfd)

enum { HP_TAIL_LENGTH_SHIFT = 48 };

/* Two words at a time: a block's size and address are multiples of 16. */
typedef uint64_t hp_words __attribute__((vector_size(16), may_alias));

static inline uint64_t hp_marks_word(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline void hp_marks_set_word(char *at, uint64_t word)
{
	memcpy(at, &word, sizeof(word));
}

/*
 * The tail of a block, but for its hash of 48 bits. The lowest byte, the first behind a full block,
 * is never 0: a string's end that does not fit is noticed always.
 */
static inline uint64_t hp_marks_tail(const void *block, uint64_t length)
{
	uint64_t product = ((uintptr_t)block ^ hp_secrets.tail) * 0x9e3779b97f4a7c15u;

	return length << HP_TAIL_LENGTH_SHIFT | product >> (64 - HP_TAIL_LENGTH_SHIFT) | 1;
}

/* A block of `have` bytes in all, of which the program asked for `bytes`. */
static inline void hp_marks_arm(void *block, size_t have, size_t bytes)
{
	char *end = (char *)block + bytes, *tail = (char *)block + have - HP_TAIL_BYTES;
	size_t length = (size_t)(tail - end);

	HP_ASSERT(bytes <= have - HP_TAIL_BYTES && length <= HP_HARDEN_FILL_MAX);
	/* What reaches into the tail is overwritten by it. */
	hp_marks_set_word(end, HP_FILL);
	if (length > 8)
		hp_marks_set_word(tail - 8, HP_FILL);
	hp_marks_set_word(tail, hp_marks_tail(block, length));
}

enum hp_marks { HP_MARKS_LIVE, HP_MARKS_FREED, HP_MARKS_OVERRUN };

/* What a block's end says; *out_bytes is what was asked for, if it is live. */
static inline enum hp_marks hp_marks_look(const void *block, size_t have, size_t *out_bytes)
{
	const char *tail = (const char *)block + have - HP_TAIL_BYTES;
	uint64_t word = hp_marks_word(tail), differs = word ^ hp_marks_tail(block, 0);
	size_t length = differs >> HP_TAIL_LENGTH_SHIFT, bytes = have - HP_TAIL_BYTES - length;
	uint64_t fill;

	if (HP_UNLIKELY(differs << (64 - HP_TAIL_LENGTH_SHIFT)))
		return word == HP_JUNK ? HP_MARKS_FREED : HP_MARKS_OVERRUN;
	if (HP_UNLIKELY(length + HP_TAIL_BYTES > have || length > HP_HARDEN_FILL_MAX))
		return HP_MARKS_OVERRUN;
	fill = hp_marks_word((const char *)block + bytes) ^ HP_FILL;
	if (length < 8)
		fill = length ? fill << (64 - 8 * length) : 0;
	else
		fill |= hp_marks_word(tail - 8) ^ HP_FILL;
	*out_bytes = bytes;
	return HP_UNLIKELY(fill) ? HP_MARKS_OVERRUN : HP_MARKS_LIVE;
}

/* A live block of a slab is filled with junk, where its link will be, too. */
static inline void hp_marks_junk(void *block, size_t have)
{
	hp_marks_set_word((char *)block + have - HP_TAIL_BYTES, HP_JUNK);
	/* Pairs with hp_marks_is_overrun(): who sees junk in the fill sees it in the tail. */
	atomic_thread_fence(memory_order_release);
	memset(block, HP_JUNK & 0xff, have);
}

/* Makes word 1 junk again. */
static inline void hp_marks_arrived(void *block)
{
	hp_marks_set_word((char *)block + 8, HP_JUNK);
}

/* Whether a block that was freed is as it was left: but for its first word; its first word. */
static inline bool hp_marks_is_junk(const void *block, size_t have)
{
	const char *at = block, *end = at + have;
	uint64_t differs = hp_marks_word(at + 8) ^ HP_JUNK;
	hp_words words = { 0, 0 };

	for (at += sizeof(hp_words); at < end; at += sizeof(hp_words))
		words |= *(const hp_words *)(const void *)at ^ (hp_words) { HP_JUNK, HP_JUNK };
	return !(differs | words[0] | words[1]);
}

static inline bool hp_marks_is_junk_at(const void *block)
{
	return hp_marks_word(block) == HP_JUNK;
}

/* Whether a live block was written to beyond its end, for a look while its owner goes on. */
bool hp_marks_is_overrun(const void *block, size_t have);

#endif

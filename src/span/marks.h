/*
 * What hardening writes into blocks, and looks for.
 *
 *   live   the request | fill up to the tail | tail: how long the fill is, sealed
 *   free   word 0: the link | junk to the end
 *
 * Of the fill only the first and the last 8 bytes are written: an overrun that comes from the block
 * meets the first. A free block's word 1 is other than junk while it is on its way to its owner
 * (arena/chain.h). All for who has the block.
 */
#ifndef HP_SPAN_MARKS_H
#define HP_SPAN_MARKS_H

#include <stdatomic.h>
#include <string.h>

#include "base/check.h"
#include "span/harden.h"

#define HP_TAIL_BYTES ((size_t)8)
#define HP_HARDEN_MIN_BYTES ((size_t)32) /* a block has at least link, chain, junk and tail */

#define HP_JUNK ((uint64_t)0xdfdfdfdfdfdfdfdf) /* no address, and no small number */
#define HP_FILL ((uint64_t)0xfdfdfdfdfdfdfdfd)

#define HP_JUNK_SHORT_BYTES ((size_t)128) /* looked through without a call */

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
 * The tail of a block whose fill has this length. It is odd, so that its lowest byte, the first
 * behind a full block, is never 0: a string's end that does not fit is noticed always.
 */
static inline uint64_t hp_marks_tail(const void *block, size_t length)
{
	return hp_secret_seal(length << 1, block, hp_secrets.tail);
}

/* The length; anything beyond the block's, if that is no tail of it. */
static inline size_t hp_marks_length(const void *block, uint64_t tail)
{
	uint64_t twice = hp_secret_open(tail, block, hp_secrets.tail);

	return twice >> 1 | twice << 63;
}

/* A block of `have` bytes in all, of which the program asked for `bytes`. */
static inline void hp_marks_arm(void *block, size_t have, size_t bytes)
{
	char *end = (char *)block + bytes, *tail = (char *)block + have - HP_TAIL_BYTES;
	size_t length = (size_t)(tail - end);

	HP_ASSERT(bytes <= have - HP_TAIL_BYTES);
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
	uint64_t word = hp_marks_word(tail), fill;
	size_t length = hp_marks_length(block, word), bytes = have - HP_TAIL_BYTES - length;

	if (HP_UNLIKELY(length > have - HP_TAIL_BYTES))
		return word == HP_JUNK ? HP_MARKS_FREED : HP_MARKS_OVERRUN;
	fill = hp_marks_word((const char *)block + bytes) ^ HP_FILL;
	if (length < 8)
		fill = length ? fill << (64 - 8 * length) : 0;
	else
		fill |= hp_marks_word(tail - 8) ^ HP_FILL;
	*out_bytes = bytes;
	return HP_UNLIKELY(fill) ? HP_MARKS_OVERRUN : HP_MARKS_LIVE;
}

/*
 * A live block of a slab is filled with junk, where its link will be, too. Not by memset(), which
 * costs a small block more, and on some processors a long one a step a byte.
 */
static inline void hp_marks_junk(void *block, size_t have)
{
	const hp_words junk = { HP_JUNK, HP_JUNK };
	hp_words *at = block, *end = (hp_words *)(void *)((char *)block + have);

	hp_marks_set_word((char *)end - HP_TAIL_BYTES, HP_JUNK);
	/* Pairs with hp_marks_is_overrun(): who sees junk in the fill sees it in the tail. */
	atomic_thread_fence(memory_order_release);
	end[-1] = junk;
	at[0] = junk;
	at[1] = junk;
	if (have < 4 * sizeof(junk))
		return;
	/* Four at a time from the front; then the last four, some of them again. */
	for (; end - at > 4; at += 4) {
		at[0] = junk;
		at[1] = junk;
		at[2] = junk;
		at[3] = junk;
	}
	end[-2] = junk;
	end[-3] = junk;
	end[-4] = junk;
}

/* Makes word 1 junk again. */
static inline void hp_marks_arrived(void *block)
{
	hp_marks_set_word((char *)block + 8, HP_JUNK);
}

/* Whether a block that was freed is as it was left, but for its first word. */
static inline bool hp_marks_is_junk_short(const void *block, size_t have)
{
	const hp_words junk = { HP_JUNK, HP_JUNK }, *at = block;
	const hp_words *end = at + have / sizeof(junk) - 2;
	hp_words differs = at[1] ^ junk;

	/* Two at a time from the end; of the first the second word is left. */
	for (; end > at; end -= 2)
		differs |= (end[0] ^ junk) | (end[1] ^ junk);
	return !((hp_marks_word((const char *)block + 8) ^ HP_JUNK) | differs[0] | differs[1]);
}

/* A long one is compared with itself, a word further on: the C library knows the widest way. */
static inline bool hp_marks_is_junk(const void *block, size_t have)
{
	const char *at = block;

	if (have <= HP_JUNK_SHORT_BYTES)
		return hp_marks_is_junk_short(block, have);
	return hp_marks_word(at + 8) == HP_JUNK && !memcmp(at + 8, at + 16, have - 16);
}

static inline bool hp_marks_is_junk_at(const void *block)
{
	return hp_marks_word(block) == HP_JUNK;
}

/* Whether a live block was written to beyond its end, for a look while its owner goes on. */
bool hp_marks_is_overrun(const void *block, size_t have);

#endif

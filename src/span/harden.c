/* See harden.h. */
#include "span/harden.h"

#include <string.h>

#include "base/check.h"
#include "os/os.h"
#include "span/live.h"

#define JUNK ((uint64_t)0xdfdfdfdfdfdfdfdf) /* no address, and no small number */
#define FILL ((uint64_t)0xfdfdfdfdfdfdfdfd)

enum { LENGTH_SHIFT = 48, LENGTH_FREED = 0xffff, FILL_BY_CALL_BYTES = 512 };

/* Two words at a time: a block's size and address are multiples of 16, and its tail is 8. */
typedef uint64_t pair __attribute__((vector_size(16), may_alias));

static struct {
	uint64_t tail;
	uint64_t seed;
} secrets;

uintptr_t hp_link_key;

void hp_harden_begin(void)
{
	secrets.tail = hp_os_secret();
	secrets.seed = hp_os_secret();
	hp_link_key = hp_os_secret() | 1;
}

uint64_t hp_harden_seed(const void *of)
{
	return secrets.seed ^ (uintptr_t)of * 0x9e3779b97f4a7c15u;
}

static inline uint64_t word_at(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline void set_word(char *at, uint64_t word)
{
	memcpy(at, &word, sizeof(word));
}

/*
 * 48 bits. The lowest byte, the first behind a full block, is never 0: a string's end that does not
 * fit is noticed always.
 */
static inline uint64_t hash(const void *block)
{
	uint64_t product = ((uintptr_t)block ^ secrets.tail) * 0x9e3779b97f4a7c15u;

	return product >> (64 - LENGTH_SHIFT) | 1;
}

/* The bytes of the word before the tail that are fill. */
static inline uint64_t fill_mask(size_t length)
{
	return length >= 8 ? ~(uint64_t)0 : ~(~(uint64_t)0 >> 8 * length);
}

/* The fill's first and last word alone: an overrun that comes from the block meets the first. */
void hp_harden_arm(void *block, size_t have, size_t bytes)
{
	char *tail = (char *)block + have - HP_TAIL_BYTES;
	size_t length = have - HP_TAIL_BYTES - bytes;
	uint64_t mask = fill_mask(length);

	HP_ASSERT(bytes <= have - HP_TAIL_BYTES && length <= HP_HARDEN_FILL_MAX);
	set_word(tail - 8, (word_at(tail - 8) & ~mask) | (FILL & mask));
	if (length > 8)
		set_word((char *)block + bytes, FILL);
	set_word(tail, (uint64_t)length << LENGTH_SHIFT | hash(block));
}

enum hp_harden_found hp_harden_look(const void *block, size_t have, size_t *out_bytes)
{
	const char *tail = (const char *)block + have - HP_TAIL_BYTES;
	uint64_t word = word_at(tail);
	size_t length = word >> LENGTH_SHIFT;
	uint64_t mask = fill_mask(length);

	if (HP_UNLIKELY((word ^ hash(block)) << (64 - LENGTH_SHIFT)))
		return HP_FOUND_OVERRUN;
	if (HP_UNLIKELY(length > HP_HARDEN_FILL_MAX))
		return length == LENGTH_FREED ? HP_FOUND_FREED : HP_FOUND_OVERRUN;
	if (HP_UNLIKELY(length + HP_TAIL_BYTES > have || ((word_at(tail - 8) ^ FILL) & mask)))
		return HP_FOUND_OVERRUN;
	*out_bytes = have - HP_TAIL_BYTES - length;
	if (length > 8 && word_at((const char *)block + *out_bytes) != FILL)
		return HP_FOUND_OVERRUN;
	return HP_FOUND_LIVE;
}

void hp_harden_junk(void *block, size_t have)
{
	char *at = block, *tail = at + have - HP_TAIL_BYTES;

	set_word(tail, (uint64_t)LENGTH_FREED << LENGTH_SHIFT | hash(block));
	/* Pairs with hp_harden_is_overrun(): who sees junk in the fill sees the mark. */
	atomic_thread_fence(memory_order_release);
	if (have > FILL_BY_CALL_BYTES) {
		memset(at, (int)(JUNK & 0xff), have - HP_TAIL_BYTES);
		return;
	}
	for (; at < tail - 8; at += sizeof(pair))
		*(pair *)(void *)at = (pair){ JUNK, JUNK };
	set_word(tail - 8, JUNK);
}

void hp_harden_arrived(void *block)
{
	set_word((char *)block + 8, JUNK);
}

bool hp_harden_is_junk(const void *block, size_t have)
{
	const char *at = block, *tail = at + have - HP_TAIL_BYTES;
	pair pairs = { 0, 0 };
	uint64_t differs = word_at(tail) ^ ((uint64_t)LENGTH_FREED << LENGTH_SHIFT | hash(block));

	differs |= (word_at(at + 8) ^ JUNK) | (word_at(tail - 8) ^ JUNK);
	for (at += sizeof(pair); at < tail - 8; at += sizeof(pair))
		pairs |= *(const pair *)(const void *)at ^ (pair) { JUNK, JUNK };
	return !(differs | pairs[0] | pairs[1]);
}

bool hp_harden_is_junk_at(const void *block)
{
	return word_at(block) == JUNK;
}

HP_COLD static void report_write(const struct hp_span *slab, const void *block)
{
	hp_fatal("%p was written to after it was freed (%zu-byte block)", block,
		 hp_slab_block_bytes(slab) - HP_TAIL_BYTES);
}

void hp_harden_check_unlinked(const struct hp_span *slab, const void *block)
{
	if (!hp_harden_is_junk_at(block) || !hp_harden_is_junk(block, hp_slab_block_bytes(slab)))
		report_write(slab, block);
}

bool hp_harden_is_overrun(const void *block, size_t have)
{
	size_t bytes;

	for (unsigned looks = 0; looks < 3; looks++) {
		if (hp_harden_look(block, have, &bytes) != HP_FOUND_OVERRUN)
			return false;
		atomic_thread_fence(memory_order_acquire);
		hp_os_yield();
	}
	return true;
}

void hp_harden_check_free(const struct hp_span *slab, const void *block, uintptr_t link)
{
	const void *next = (const void *)(link & ~HP_LINK_FRESH);
	bool is_whole = !next || hp_slab_has_block(slab, next);

	if (is_whole && !(link & HP_LINK_FRESH))
		is_whole = hp_harden_is_junk(block, hp_slab_block_bytes(slab));
	if (HP_UNLIKELY(!is_whole))
		report_write(slab, block);
}

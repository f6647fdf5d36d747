/*
 * Words in the heap that a stray write does not forge. What is written there is a value combined
 * with its address, spread by a secret, and with another one, and multiplied by a third: a word
 * that was changed, even in one byte, or copied to another address, opens as a number that is far
 * from any value.
 *
 * No cipher: who has read one word cannot tell another, not even its neighbour's; who can read
 * several, and knows what they say, can compute the secrets.
 */
#ifndef HP_SPAN_SECRET_H
#define HP_SPAN_SECRET_H

#include <stdint.h>

#include "base/attr.h"

struct hp_secrets {
	uint64_t key;	  /* odd; 0: hardening is off */
	uint64_t inverse; /* of the key: their product is 1 */
	uint64_t spread;  /* odd */
	uint64_t link;
	uint64_t tail; /* odd */
	uint64_t seed;
} HP_ALIGNED(64);

/* Chosen once, before any thread but the first. */
extern HP_HIDDEN struct hp_secrets hp_secrets;

/* `secret` says which kind of word it is. Of an even address the mask's lowest bit is its own. */
static inline uint64_t hp_secret_mask(const void *at, uint64_t secret)
{
	return (uintptr_t)at * hp_secrets.spread ^ secret;
}

static inline uint64_t hp_secret_seal(uint64_t value, const void *at, uint64_t secret)
{
	return (value ^ hp_secret_mask(at, secret)) * hp_secrets.key;
}

static inline uint64_t hp_secret_open(uint64_t word, const void *at, uint64_t secret)
{
	return word * hp_secrets.inverse ^ hp_secret_mask(at, secret);
}

#endif

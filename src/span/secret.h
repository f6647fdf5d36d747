/*
 * Under hardening: words in the heap that nobody else can write. What is written there is a value
 * combined with its address and a secret, and multiplied by another: a word that was changed, even
 * in one byte, or copied to another address, opens as a number that is far from any value.
 */
#ifndef HP_SPAN_SECRET_H
#define HP_SPAN_SECRET_H

#include <stdint.h>

#include "base/attr.h"

struct hp_secrets {
	uint64_t key;	  /* odd; 0: hardening is off */
	uint64_t inverse; /* of the key: their product is 1 */
	uint64_t link;
	uint64_t tail; /* odd */
	uint64_t seed;
};

/* Chosen once, before any thread but the first. */
extern HP_HIDDEN struct hp_secrets hp_secrets;

/*
 * `secret` says which kind of word it is. The lowest bits of an address become the highest, where
 * no value has any: a copy of a word opens as nothing elsewhere.
 */
static inline uint64_t hp_secret_seal(uint64_t value, const void *at, uint64_t secret)
{
	return (value ^ __builtin_bswap64((uintptr_t)at) ^ secret) * hp_secrets.key;
}

static inline uint64_t hp_secret_open(uint64_t word, const void *at, uint64_t secret)
{
	return word * hp_secrets.inverse ^ __builtin_bswap64((uintptr_t)at) ^ secret;
}

#endif

/*
 * A chain through all places of a buffer, in an order that nobody can foresee: each place says
 * where the next one is, so no load can begin before the one before it has ended.
 */
#ifndef HP_BENCH_MEMORY_CHAIN_H
#define HP_BENCH_MEMORY_CHAIN_H

#include "memory.h"

/* Where place `number` is, in bytes from the start of the buffer; there are `count` of them. */
struct chain {
	size_t count;
	size_t (*offset)(size_t number);
};

void chain_fill(const struct memory_walk *walk, struct chain chain);
void chain_begin(struct memory_walk *walk, struct chain chain);
void chain_read(struct memory_walk *walk, size_t accesses);
void chain_check(struct memory_walk *walk, size_t accesses, struct chain chain);

#endif

/* See chain.h. walk->at is the address of the place that was reached, walk->checked its number. */
#include "chain.h"

struct place {
	const struct place *next;
	uint64_t number; /* in the order of the walk */
};

/*
 * A bijection of 0 to 2^bits - 1: each step can be undone. So the places are visited in a random
 * order, each of them once, without a table that would need memory of its own.
 */
static uint64_t shuffled(uint64_t number, unsigned bits)
{
	uint64_t mask = ((uint64_t)1 << bits) - 1;
	unsigned half = bits / 2 + 1;

	number = (number * 0x9e3779b97f4a7c15u) & mask;
	number ^= number >> half;
	number = (number * 0xbf58476d1ce4e5b9u) & mask;
	number ^= number >> half;
	number = (number * 0x94d049bb133111ebu + 1) & mask;
	return number;
}

/* The least number of bits that count to `count`. */
static unsigned bits_for(size_t count)
{
	unsigned bits = 1;

	while (((size_t)1 << bits) < count)
		bits++;
	return bits;
}

static struct place *place_at(const struct memory_walk *walk, struct chain chain, size_t number)
{
	return (struct place *)(void *)(walk->buffer + chain.offset(number));
}

/*
 * Counts *step on to the next one whose place exists (there are less than twice as many as places),
 * and returns that.
 */
static size_t next_place(uint64_t *step, struct chain chain, unsigned bits)
{
	uint64_t number;

	do
		number = shuffled((*step)++, bits);
	while (number >= chain.count);
	return (size_t)number;
}

void chain_fill(const struct memory_walk *walk, struct chain chain)
{
	unsigned bits = bits_for(chain.count);
	uint64_t step = 0;
	struct place *first = place_at(walk, chain, next_place(&step, chain, bits));
	struct place *last = first;

	last->number = 0;
	for (size_t i = 1; i < chain.count; i++) {
		struct place *place = place_at(walk, chain, next_place(&step, chain, bits));

		last->next = place;
		place->number = i;
		last = place;
	}
	last->next = first;
}

/* With a start elsewhere than 0: at the place there, which is anywhere in the chain. */
void chain_begin(struct memory_walk *walk, struct chain chain)
{
	size_t number = (size_t)((double)walk->start / (double)walk->bytes * (double)chain.count);
	const struct place *place = place_at(walk, chain, number);

	walk->at = (uintptr_t)place;
	walk->checked = place->number;
}

void chain_read(struct memory_walk *walk, size_t accesses)
{
	const struct place *place = (const struct place *)(uintptr_t)walk->at;

	for (size_t i = 0; i < accesses; i++)
		place = place->next;
	walk->at = (uintptr_t)place;
}

void chain_check(struct memory_walk *walk, size_t accesses, struct chain chain)
{
	const struct place *place = (const struct place *)(uintptr_t)walk->at;

	walk->checked = (walk->checked + accesses) % chain.count;
	bench_check(place->number == walk->checked, "the end of the chain");
}

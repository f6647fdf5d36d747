/*
 * See outbox.h. A table by slab: a slab's chain is near the place that its address says. Entries
 * leave all together, so a chain is found before the first empty place.
 */
#include "arena/outbox.h"

#include <errno.h>

#include "arena/inbox.h"
#include "arena/registry.h"
#include "base/check.h"
#include "rt/reclaim.h"
#include "span/slab.h"

enum {
	LOAD_MAX = 128 << 10, /* bytes and blocks, which count as 256 more */
	LOAD_BLOCK = 256,
	PROBES = 8,
	OWNERS = 8, /* whose chains are joined before they are handed over */
};

static_assert(LOAD_MAX / LOAD_BLOCK <= HP_CHAIN_BLOCKS_MAX, "a chain's count has 16 bits");

/* Chains for one owner, linked: first block of the first chain, and of the last. */
struct parcel {
	struct hp_arena *owner;
	void *first, *last;
};

/* Multiplicative hashing: the upper bits of the product are the place. */
static unsigned place_of(const struct hp_span *slab)
{
	return (uint32_t)((uintptr_t)slab / sizeof(*slab)) * 0x9e3779b1 >> 26;
}

static_assert(HP_OUTBOX_CHAINS == 64, "a place is 6 bits of a hash, and a bit of outbox_filled");

/* The chain of the slab, or a place for one; NULL if all places near are taken. */
static struct hp_chain *find(struct hp_arena *arena, const struct hp_span *slab)
{
	unsigned first = place_of(slab);

	for (unsigned i = first; i < first + PROBES; i++) {
		struct hp_chain *chain = &arena->outbox[i % HP_OUTBOX_CHAINS];

		if (chain->slab == slab || !chain->slab)
			return chain;
	}
	return NULL;
}

bool hp_outbox_add(struct hp_arena *arena, struct hp_span *slab, void *block)
{
	struct hp_chain *chain = find(arena, slab);

	if (HP_UNLIKELY(!chain)) {
		int kept_errno = errno;

		hp_outbox_flush(arena);
		errno = kept_errno;
		chain = find(arena, slab);
	}
	if (chain->slab) {
		HP_CHECK(chain->last != block, "double free of %p (%zu-byte block)", block,
			 hp_slab_block_bytes(slab));
		hp_chain_add(chain, block);
	} else {
		*chain = hp_chain_of_one(slab, block);
		arena->outbox_filled |= (uint64_t)1 << (chain - arena->outbox);
	}
	arena->outbox_load += (uint32_t)hp_class_bytes(slab->class) + LOAD_BLOCK;
	return arena->outbox_load >= LOAD_MAX;
}

/* In a read or guest section, which opened before: with the push the last block that kept the
 * owner's arena alive may be gone, and its orphan's state is still to be acted on. */
static void deliver(const struct parcel *parcel)
{
	if (hp_inbox_push(parcel->owner, parcel->first, parcel->last) == HP_ARENA_ORPHAN)
		hp_registry_settle_orphan(parcel->owner);
}

/* The parcel for this owner; if all are for others, one of those is delivered to make room. */
static struct parcel *parcel_for(struct parcel *parcels, struct hp_arena *owner)
{
	unsigned i = 0;

	while (i < OWNERS - 1 && parcels[i].owner && parcels[i].owner != owner)
		i++;
	if (parcels[i].owner && parcels[i].owner != owner) {
		deliver(&parcels[i]);
		parcels[i] = (struct parcel){ 0 };
	}
	parcels[i].owner = owner;
	return &parcels[i];
}

/* Takes a chain out of the outbox. */
static struct hp_chain take(struct hp_arena *arena)
{
	unsigned place = (unsigned)__builtin_ctzll(arena->outbox_filled);
	struct hp_chain chain = arena->outbox[place];

	arena->outbox[place] = (struct hp_chain){ 0 };
	arena->outbox_filled &= arena->outbox_filled - 1;
	arena->counts.in_flight[chain.slab->class] += chain.count;
	arena->counts.handed_blocks += chain.count;
	return chain;
}

static void deliver_all(struct hp_arena *arena)
{
	struct parcel parcels[OWNERS] = { 0 };

	while (arena->outbox_filled) {
		struct hp_chain chain = take(arena);
		struct parcel *parcel = parcel_for(parcels, chain.slab->owner);

		parcel->first = hp_chain_seal(&chain, parcel->first);
		if (!parcel->last)
			parcel->last = parcel->first;
	}
	for (unsigned i = 0; i < OWNERS && parcels[i].owner; i++)
		deliver(&parcels[i]);
}

void hp_outbox_flush(struct hp_arena *arena)
{
	if (!arena->outbox_filled)
		return;
	arena->outbox_load = 0;
	hp_reclaim_read_begin();
	deliver_all(arena);
	hp_reclaim_read_end();
}

void hp_outbox_hand_over(struct hp_span *slab, void *block)
{
	struct hp_chain chain = hp_chain_of_one(slab, block);
	struct parcel parcel = { slab->owner, block, block };

	hp_registry_count_handed(slab->class);
	hp_chain_seal(&chain, NULL);
	deliver(&parcel);
}

void hp_outbox_inherit(struct hp_arena *arena)
{
	while (arena->outbox_filled) {
		struct hp_chain chain = take(arena);

		hp_chain_seal(&chain, NULL);
		hp_inbox_push(chain.slab->owner, chain.first, chain.first);
	}
	arena->outbox_load = 0;
}

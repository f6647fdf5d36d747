/*
 * See quarantine.h. Band b has the blocks up to 64 << 2b bytes, and half as many places as the one
 * before, 64 for the first: those of a band with n places are n to 2n - 1. When half of them are
 * full, those of the other half are let go together, in an order of its own: by counting, with the
 * bits of a random number flipped. So who is let go was here for more than n / 2 frees of the band,
 * and comes to the front of its slab's list at no foreseeable moment.
 */
#include "arena/quarantine.h"

#include <errno.h>

#include "arena/inbox.h"
#include "arena/outbox.h"
#include "base/check.h"
#include "rt/meta.h"
#include "span/large.h"
#include "span/live.h"
#include "span/marks.h"
#include "span/seal.h"

enum { PLACES = HP_QUARANTINE_PLACES, LARGE_PLACES = HP_QUARANTINE_LARGE_PLACES };

#define LARGE_MAX_BYTES ((size_t)16 << 20)

static struct hp_meta_kind kind = { .bytes = sizeof(struct hp_quarantine) };

/* NULL if there is no memory. */
static struct hp_quarantine *begin(struct hp_arena *arena)
{
	if (arena->quarantine)
		return arena->quarantine;
	arena->quarantine = hp_meta_take(&kind);
	if (arena->quarantine)
		arena->quarantine->random = hp_harden_seed(arena);
	return arena->quarantine;
}

HP_NOINLINE static void go_the_long_way(struct hp_arena *arena, struct hp_span *slab, void *block)
{
	int kept_errno = errno;

	if (slab->owner == arena)
		hp_arena_free(arena, slab, block);
	else if (hp_outbox_add(arena, slab, block))
		hp_outbox_flush(arena);
	errno = kept_errno;
}

/* As on the hit path of free: what counts down has its own way. */
static inline __attribute__((always_inline)) void let_go(struct hp_arena *arena, void *block)
{
	struct hp_span *slab = hp_span_find(block);

	HP_CHECK(hp_marks_is_junk_at(block),
		 "%p was written to after it was freed (%zu-byte block)", block,
		 hp_slab_block_bytes(slab) - HP_TAIL_BYTES);
	if (HP_UNLIKELY(slab->owner != arena || slab->countdown <= 1)) {
		go_the_long_way(arena, slab, block);
		return;
	}
	slab->countdown--;
	hp_link_set_sealed(block, slab->free);
	slab->free = block;
}

static void release(struct hp_arena *arena, void *block)
{
	let_go(arena, block);
}

/* The half of a band whose turn it is becomes empty. */
static void make_room(struct hp_arena *arena, struct hp_quarantine *quarantine, unsigned number)
{
	struct hp_quarantine_band *band = &quarantine->bands[number];
	unsigned places = PLACES / 2 >> number, half = (places + 1) / 2;
	unsigned flips = hp_harden_random(&quarantine->random) & (half - 1);
	void **first = &quarantine->places[places];

	if (!band->next || band->next == first + places)
		band->next = first;
	band->room = half;
	for (unsigned i = 0; i < half; i++) {
		void **place = &band->next[i ^ flips], *block = *place;

		*place = NULL;
		if (block)
			let_go(arena, block);
	}
}

void hp_quarantine_put(struct hp_arena *arena, struct hp_span *slab, void *block)
{
	struct hp_quarantine *quarantine;

	if (hp_quarantine_try_put(arena, slab, block))
		return;
	quarantine = begin(arena);
	if (quarantine) {
		make_room(arena, quarantine, hp_quarantine_band_of(slab->class));
		hp_quarantine_try_put(arena, slab, block);
	} else {
		release(arena, block);
	}
}

static void check_large(const struct hp_span *large)
{
	HP_CHECK(hp_seal_is_whole(large), "%p was written to after it was freed (%zu-byte block)",
		 (const void *)hp_span_start(large), hp_large_bytes(large) - HP_TAIL_BYTES);
}

/* The oldest; the place may be empty. */
static void let_go_large(struct hp_quarantine *quarantine)
{
	struct hp_span *large = quarantine->large[quarantine->oldest_large];

	quarantine->large[quarantine->oldest_large] = NULL;
	quarantine->oldest_large = (quarantine->oldest_large + 1) % LARGE_PLACES;
	if (!large)
		return;
	quarantine->large_bytes -= hp_large_bytes(large);
	check_large(large);
	if (hp_seal_open(large))
		hp_large_give(large);
}

void hp_quarantine_put_large(struct hp_arena *arena, struct hp_span *large)
{
	struct hp_quarantine *quarantine = begin(arena);
	size_t bytes = hp_large_bytes(large);

	if (!quarantine || bytes > LARGE_MAX_BYTES) {
		hp_large_give(large);
		return;
	}
	do
		let_go_large(quarantine); /* makes room for one at least, behind the newest */
	while (quarantine->large_bytes + bytes > LARGE_MAX_BYTES);
	hp_seal_close(large);
	quarantine->large_bytes += bytes;
	quarantine->large[(quarantine->oldest_large + LARGE_PLACES - 1) % LARGE_PLACES] = large;
}

static void for_each(struct hp_arena *arena, void (*visit)(struct hp_arena *, void *))
{
	struct hp_quarantine *quarantine = arena->quarantine;

	for (unsigned i = 0; quarantine && i < PLACES; i++) {
		void *block = quarantine->places[i];

		quarantine->places[i] = NULL;
		if (block)
			visit(arena, block);
	}
}

/* The quarantine itself goes with the last of it: an arena that retires has none. */
static void release_large(struct hp_arena *arena)
{
	struct hp_quarantine *quarantine = arena->quarantine;

	for (unsigned i = 0; quarantine && i < LARGE_PLACES; i++)
		let_go_large(quarantine);
}

static void end(struct hp_arena *arena)
{
	if (arena->quarantine)
		hp_meta_give(&kind, arena->quarantine);
	arena->quarantine = NULL;
}

void hp_quarantine_release(struct hp_arena *arena)
{
	for_each(arena, release);
	release_large(arena);
	end(arena);
}

static void inherit(struct hp_arena *arena, void *block)
{
	struct hp_span *slab = hp_span_find(block);
	struct hp_chain chain = hp_chain_of_one(slab, block);

	if (slab->owner == arena) /* what arrives must be live */
		hp_live_set(slab, block);
	arena->counts.in_flight[slab->class]++;
	hp_chain_seal(&chain, NULL);
	hp_inbox_push(slab->owner, block, block);
}

void hp_quarantine_inherit(struct hp_arena *arena)
{
	for_each(arena, inherit);
	release_large(arena);
	end(arena);
}

static void audit(const void *block)
{
	hp_harden_check_unlinked(hp_span_find(block), block);
}

void hp_quarantine_audit(const struct hp_arena *arena)
{
	const struct hp_quarantine *quarantine = arena->quarantine;

	for (unsigned i = 0; quarantine && i < PLACES; i++) {
		if (quarantine->places[i])
			audit(quarantine->places[i]);
	}
	for (unsigned i = 0; quarantine && i < LARGE_PLACES; i++) {
		if (quarantine->large[i])
			check_large(quarantine->large[i]);
	}
}

/* A cell is looked up for whatever was loaded: its head is in the same table. */
HP_RACY_READER static void count_block(const void *block, struct hp_quarantine_load *load)
{
	const char *cell = block ? hp_pagemap_cell(block) : NULL;
	const struct hp_span *span = (const struct hp_span *)(const void *)cell;
	unsigned class;

	if (!cell)
		return;
	span = (const struct hp_span *)(const void *)(cell - HP_PEEK(span->back));
	class = HP_PEEK(span->class);
	if (HP_PEEK(span->kind) == HP_SPAN_SLAB && class < HP_CLASS_COUNT)
		load->blocks[class]++;
}

HP_RACY_READER void hp_quarantine_count(const struct hp_arena *arena,
					struct hp_quarantine_load *load)
{
	const struct hp_quarantine *quarantine = HP_PEEK(arena->quarantine);

	for (unsigned i = 0; quarantine && i < PLACES; i++)
		count_block(HP_PEEK(quarantine->places[i]), load);
	for (unsigned i = 0; quarantine && i < LARGE_PLACES; i++) {
		const struct hp_span *large = HP_PEEK(quarantine->large[i]);

		load->large_blocks += large != NULL;
		load->large_bytes += large ? HP_PEEK(large->units) * HP_UNIT_BYTES : 0;
	}
}

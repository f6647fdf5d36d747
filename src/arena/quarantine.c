/*
 * See quarantine.h. Band b has the blocks up to 64 << 2b bytes, and half as many places as the one
 * before, 64 for the first: those of a band with n places are n to 2n - 1. Its halves are gone
 * through in turn, each in an order of its own: by counting, with the bits of a random number
 * flipped. So who is let go was here for more than n / 2 frees of the band.
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

enum { PLACES = 128, BANDS = 7, LARGE_PLACES = 8 };

#define LARGE_MAX_BYTES ((size_t)16 << 20)

struct hp_quarantine {
	uint64_t random;
	void *places[PLACES];
	uint8_t turn[BANDS];
	uint8_t flips[BANDS]; /* less than half the band */
	uint8_t oldest_large;
	size_t large_bytes;
	struct hp_span *large[LARGE_PLACES];
} HP_ALIGNED(64);

static_assert((HP_CLASS_COUNT - 1) / 16 + 1 < BANDS, "each class has a band");

static struct hp_meta_kind kind = { .bytes = sizeof(struct hp_quarantine) };

/* Sixteen classes are two doublings. */
static inline unsigned band_of(unsigned class)
{
	return class < 4 ? 0 : class / 16 + 1;
}

static struct hp_quarantine *begin(struct hp_arena *arena)
{
	arena->quarantine = hp_meta_take(&kind);
	if (arena->quarantine)
		arena->quarantine->random = hp_harden_seed(arena);
	return arena->quarantine;
}

static inline void *exchange(void **place, void *block)
{
	void *before = *place;

	*place = block;
	return before;
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
static inline __attribute__((always_inline)) void let_go(struct hp_arena *arena,
							 struct hp_span *slab, void *block)
{
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

/* The place whose turn it is. */
static void **next_place(struct hp_quarantine *quarantine, unsigned band)
{
	unsigned places = PLACES / 2 >> band, half = (places + 1) / 2;
	unsigned turn = quarantine->turn[band]++;

	if (HP_UNLIKELY((turn & (half - 1)) == 0))
		quarantine->flips[band] =
			(uint8_t)(hp_harden_random(&quarantine->random) & (half - 1));
	return &quarantine->places[places + ((turn & (places - 1)) ^ quarantine->flips[band])];
}

void hp_quarantine_put(struct hp_arena *arena, struct hp_span *slab, void *block)
{
	struct hp_quarantine *quarantine = arena->quarantine;

	if (HP_UNLIKELY(!quarantine))
		quarantine = begin(arena);
	if (HP_LIKELY(quarantine)) {
		block = exchange(next_place(quarantine, band_of(slab->class)), block);
		if (!block)
			return;
		slab = hp_span_find(block);
	}
	let_go(arena, slab, block);
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
	struct hp_quarantine *quarantine = arena->quarantine ? arena->quarantine : begin(arena);
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
		if (quarantine->places[i])
			visit(arena, exchange(&quarantine->places[i], NULL));
	}
}

static void release(struct hp_arena *arena, void *block)
{
	let_go(arena, hp_span_find(block), block);
}

/* The quarantine itself goes with the last of it: an arena that retires has none. */
static void release_large(struct hp_arena *arena)
{
	for (unsigned i = 0; arena->quarantine && i < LARGE_PLACES; i++)
		let_go_large(arena->quarantine);
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

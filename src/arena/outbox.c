/*
 * See outbox.h. The read section opens before the push: with the push the last block that kept
 * the owner's arena alive may be gone, and its orphan's state is still to be acted on.
 */
#include "arena/outbox.h"

#include "arena/inbox.h"
#include "arena/registry.h"
#include "base/check.h"
#include "rt/reclaim.h"

enum {
	PARCEL_BLOCKS = 64,
	PARCEL_BYTES = 32 << 10,
};

/* Arenas are 64 bytes apart at least; the upper bits spread those of one chunk. */
static struct hp_parcel *parcel_for(struct hp_arena *arena, const struct hp_arena *owner)
{
	uintptr_t number = (uintptr_t)owner / sizeof(*owner);

	return &arena->outbox[(number ^ number >> 3) % HP_OUTBOX_OWNERS];
}

/* In a read or guest section. */
static void deliver(struct hp_parcel *parcel)
{
	struct hp_arena *owner = parcel->owner;

	if (hp_inbox_push(owner, parcel->first, parcel->last) == HP_ARENA_ORPHAN)
		hp_registry_settle_orphan(owner);
}

static void send(struct hp_arena *arena, struct hp_parcel *parcel)
{
	struct hp_parcel sent = *parcel;

	*parcel = (struct hp_parcel){ 0 };
	arena->parcels--;
	hp_reclaim_read_begin();
	deliver(&sent);
	hp_reclaim_read_end();
}

void hp_outbox_add(struct hp_arena *arena, struct hp_span *slab, void *block)
{
	struct hp_parcel *parcel = parcel_for(arena, slab->owner);

	if (parcel->owner != slab->owner) {
		if (parcel->owner)
			send(arena, parcel);
		parcel->owner = slab->owner;
		parcel->last = block;
		arena->parcels++;
	}
	*(void **)block = parcel->first;
	atomic_signal_fence(memory_order_seq_cst); /* fork: the link before what names it */
	parcel->first = block;
	parcel->count++;
	parcel->bytes += (uint32_t)hp_class_bytes(slab->class);
	if (parcel->count >= PARCEL_BLOCKS || parcel->bytes >= PARCEL_BYTES)
		send(arena, parcel);
}

void hp_outbox_flush(struct hp_arena *arena)
{
	for (unsigned i = 0; arena->parcels && i < HP_OUTBOX_OWNERS; i++) {
		if (arena->outbox[i].owner)
			send(arena, &arena->outbox[i]);
	}
}

void hp_outbox_hand_over(struct hp_span *slab, void *block)
{
	struct hp_parcel parcel = { .owner = slab->owner, .first = block, .last = block };

	deliver(&parcel);
}

void hp_outbox_inherit(struct hp_arena *arena)
{
	for (unsigned i = 0; i < HP_OUTBOX_OWNERS; i++) {
		struct hp_parcel *parcel = &arena->outbox[i];

		if (parcel->owner)
			hp_inbox_push(parcel->owner, parcel->first, parcel->last);
		*parcel = (struct hp_parcel){ 0 };
	}
	arena->parcels = 0;
}

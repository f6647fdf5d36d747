/* See tally.h. */
#include "arena/tally.h"

#include "arena/registry.h"

HP_RACY_READER void hp_tally_add_counts(struct hp_arena_counts *counts,
					const struct hp_arena_counts *more)
{
	counts->refills += HP_PEEK(more->refills);
	counts->refilled_blocks += HP_PEEK(more->refilled_blocks);
	counts->handed_blocks += HP_PEEK(more->handed_blocks);
	counts->slabs_taken += HP_PEEK(more->slabs_taken);
	counts->slabs_given += HP_PEEK(more->slabs_given);
	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++)
		counts->in_flight[class] += HP_PEEK(more->in_flight[class]);
}

/* Of an outbox that changes: the slab of a chain, if it still is one, and how many blocks. */
HP_RACY_READER static uint32_t chain_at(const struct hp_chain *chain, unsigned *out_class)
{
	const struct hp_span *slab = HP_PEEK(chain->slab);
	uint32_t count = HP_PEEK(chain->count);

	if (!slab)
		return 0;
	*out_class = HP_PEEK(slab->class);
	return *out_class < HP_CLASS_COUNT && count <= HP_PEEK(slab->capacity) ? count : 0;
}

uint64_t hp_tally_outbox(const struct hp_arena *arena)
{
	uint64_t blocks = 0;
	unsigned class;

	for (unsigned i = 0; i < HP_OUTBOX_CHAINS; i++)
		blocks += chain_at(&arena->outbox[i], &class);
	return blocks;
}

static void add_outbox(struct hp_tally *tally, const struct hp_arena *arena)
{
	for (unsigned i = 0; i < HP_OUTBOX_CHAINS; i++) {
		unsigned class = 0;
		uint32_t blocks = chain_at(&arena->outbox[i], &class);

		tally->outbox[class] += blocks;
	}
}

static void add(struct hp_arena *arena, void *context)
{
	struct hp_tally *tally = context;

	tally->arenas++;
	add_outbox(tally, arena);
	hp_quarantine_count(arena, &tally->quarantine);
	hp_tally_add_counts(&tally->counts, &arena->counts);
}

/* A chain that is on its way between the looks at both ends may count as less than none. */
static void settle_inboxes(struct hp_tally *tally)
{
	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++) {
		int32_t blocks = (int32_t)tally->counts.in_flight[class];

		tally->inbox[class] = blocks > 0 ? (uint32_t)blocks : 0;
	}
}

void hp_tally_arenas(struct hp_tally *out_tally)
{
	*out_tally = (struct hp_tally){ 0 };
	hp_registry_add_counts(&out_tally->counts);
	hp_registry_walk(add, out_tally);
	settle_inboxes(out_tally);
}

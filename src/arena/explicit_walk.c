/* See explicit.h: what it has, counted, and block by block. */
#include "arena/held.h"
#include "arena/inbox.h"
#include "base/check.h"
#include "span/large.h"

/* ---- counts ---- */

/* What a slot stands on may change at any time. */
static HP_RACY_READER void count_units(const struct hp_span *span, struct hp_arena_stats *stats)
{
	struct hp_units units = hp_span_units(span);

	while (units.count) {
		size_t inside = units.first % HP_SLOT_UNITS;
		size_t count = hp_min(units.count, HP_SLOT_UNITS - inside);
		enum hp_mapping mapping =
			(enum hp_mapping)units.region->slots[units.first / HP_SLOT_UNITS].mapping;

		if (mapping == HP_MAPPING_HUGE)
			stats->hugetlb_bytes += count * HP_UNIT_BYTES;
		else if (mapping == HP_MAPPING_THP)
			stats->thp_bytes += count * HP_UNIT_BYTES;
		else
			stats->base_bytes += count * HP_UNIT_BYTES;
		stats->held_bytes += count * HP_UNIT_BYTES;
		units.first += count;
		units.count -= count;
	}
}

static void count_slab(const struct hp_span *slab, struct hp_arena_stats *stats)
{
	uint32_t live = hp_slab_live(slab);

	stats->blocks += live;
	stats->in_use_bytes += live * hp_slab_block_bytes(slab);
	count_units(slab, stats);
}

static void count_list(struct hp_list *list, struct hp_arena_stats *stats)
{
	for (struct hp_list *link = list->next; link != list; link = link->next)
		count_slab(HP_CONTAINER(link, struct hp_span, link), stats);
}

static void count_large(struct hp_explicit *explicit, struct hp_arena_stats *stats)
{
	hp_lock_acquire(&explicit->lock);
	for (struct hp_list *link = explicit->large.next; link != &explicit->large;
	     link = link->next) {
		const struct hp_span *large = HP_CONTAINER(link, struct hp_span, link);

		stats->blocks++;
		stats->large_bytes += hp_large_bytes(large);
		count_units(large, stats);
	}
	hp_lock_release(&explicit->lock);
	stats->in_use_bytes += stats->large_bytes;
}

/* What others freed comes home first: it is not in use. */
static void begin(struct hp_explicit *explicit)
{
	struct hp_arena *arena = &explicit->arena;

	hp_explicit_begin(explicit);
	hp_arena_free_chains(arena, hp_inbox_take(arena, HP_ARENA_CLAIMED));
}

void hp_explicit_count(struct hp_explicit *explicit, struct hp_arena_stats *out_stats)
{
	struct hp_arena *arena = &explicit->arena;

	begin(explicit);
	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++) {
		if (arena->current[class] != &hp_span_none)
			count_slab(arena->current[class], out_stats);
		count_list(&arena->listed[class], out_stats);
	}
	count_list(&arena->full, out_stats);
	out_stats->resets = explicit->resets;
	hp_explicit_finish(explicit);
	count_large(explicit, out_stats);
}

/* ---- blocks ---- */

/* The numbers of the blocks that are free, of those that were carved. */
struct marks {
	uint64_t words[HP_CLASS_BLOCKS_MAX / 64];
};

static void mark_free(const struct hp_span *slab, struct marks *marks)
{
	const char *start = hp_span_start(slab);

	*marks = (struct marks){ 0 };
	for (char *block = slab->free; block; block = hp_link_next(block)) {
		uint32_t number = hp_slab_number_at(slab, (size_t)(block - start));

		HP_CHECK(number < slab->carved, "a free block of arena %p was written to",
			 (void *)slab->owner);
		marks->words[number / 64] |= (uint64_t)1 << number % 64;
	}
}

static void walk_slab(const struct hp_span *slab, hp_block_visitor *visit, void *context)
{
	char *start = hp_span_start(slab);
	struct marks marks;

	mark_free(slab, &marks);
	for (uint32_t i = 0; i < slab->carved; i++) {
		if (!(marks.words[i / 64] >> i % 64 & 1))
			visit(start + i * hp_slab_block_bytes(slab), context);
	}
}

static void walk_list(const struct hp_list *list, hp_block_visitor *visit, void *context)
{
	for (struct hp_list *link = list->next; link != list; link = link->next)
		walk_slab(HP_CONTAINER(link, struct hp_span, link), visit, context);
}

static void walk_large(struct hp_explicit *explicit, hp_block_visitor *visit, void *context)
{
	hp_lock_acquire(&explicit->lock);
	for (struct hp_list *link = explicit->large.next; link != &explicit->large;
	     link = link->next)
		visit(hp_span_start(HP_CONTAINER(link, struct hp_span, link)), context);
	hp_lock_release(&explicit->lock);
}

void hp_explicit_walk(struct hp_explicit *explicit, hp_block_visitor *visit, void *context)
{
	struct hp_arena *arena = &explicit->arena;

	begin(explicit);
	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++) {
		if (arena->current[class] != &hp_span_none)
			walk_slab(arena->current[class], visit, context);
		walk_list(&arena->listed[class], visit, context);
	}
	walk_list(&arena->full, visit, context);
	hp_explicit_finish(explicit);
	walk_large(explicit, visit, context);
}

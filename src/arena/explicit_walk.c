/* See explicit.h: what it has, counted, and block by block. */
#include "arena/held.h"
#include "arena/inbox.h"
#include "base/check.h"
#include "span/large.h"

typedef void span_visitor(const struct hp_span *span, void *context);

static void each_in_list(const struct hp_list *list, span_visitor *visit, void *context)
{
	for (struct hp_list *link = list->next; link != list; link = link->next)
		visit(HP_CONTAINER(link, struct hp_span, link), context);
}

static void each_slab(const struct hp_arena *arena, span_visitor *visit, void *context)
{
	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++) {
		if (arena->current[class] != &hp_span_none)
			visit(arena->current[class], context);
		each_in_list(&arena->listed[class], visit, context);
	}
	each_in_list(&arena->full, visit, context);
}

static void each_large(struct hp_explicit *explicit, span_visitor *visit, void *context)
{
	hp_lock_acquire(&explicit->lock);
	each_in_list(&explicit->large, visit, context);
	hp_lock_release(&explicit->lock);
}

/* What others freed comes home first: it is not in use. */
static void begin(struct hp_explicit *explicit)
{
	struct hp_arena *arena = &explicit->arena;

	hp_explicit_begin(explicit);
	hp_arena_free_chains(arena, hp_inbox_take(arena, HP_ARENA_CLAIMED));
}

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

static void count_slab(const struct hp_span *slab, void *context)
{
	struct hp_arena_stats *stats = context;
	uint32_t live = hp_slab_live(slab);

	stats->blocks += live;
	stats->in_use_bytes += live * hp_slab_block_bytes(slab);
	count_units(slab, stats);
}

static void count_large(const struct hp_span *large, void *context)
{
	struct hp_arena_stats *stats = context;
	size_t bytes = hp_large_bytes(large);

	stats->blocks++;
	stats->large_bytes += bytes;
	stats->in_use_bytes += bytes;
	count_units(large, stats);
}

void hp_explicit_count(struct hp_explicit *explicit, struct hp_arena_stats *out_stats)
{
	begin(explicit);
	each_slab(&explicit->arena, count_slab, out_stats);
	out_stats->resets = explicit->resets;
	hp_explicit_finish(explicit);
	each_large(explicit, count_large, out_stats);
}

/* ---- blocks ---- */

struct walk {
	hp_block_visitor *visit;
	void *context;
};

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

static void walk_slab(const struct hp_span *slab, void *context)
{
	const struct walk *walk = context;
	char *start = hp_span_start(slab);
	struct marks marks;

	mark_free(slab, &marks);
	for (uint32_t i = 0; i < slab->carved; i++) {
		if (!(marks.words[i / 64] >> i % 64 & 1))
			walk->visit(start + i * hp_slab_block_bytes(slab), walk->context);
	}
}

static void walk_large(const struct hp_span *large, void *context)
{
	const struct walk *walk = context;

	walk->visit(hp_span_start(large), walk->context);
}

void hp_explicit_walk(struct hp_explicit *explicit, hp_block_visitor *visit, void *context)
{
	struct walk walk = { visit, context };

	begin(explicit);
	each_slab(&explicit->arena, walk_slab, &walk);
	hp_explicit_finish(explicit);
	each_large(explicit, walk_large, &walk);
}

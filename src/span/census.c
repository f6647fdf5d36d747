/* See census.h. */
#include "span/census.h"

#include "base/bits.h"
#include "pool/run.h"
#include "span/slab.h"

struct walk {
	hp_census_visitor *visit;
	void *context;
	struct hp_census_slots *slots;
	const struct hp_region *region;
	size_t large_left; /* units of a large block that lie in slots to come */
};

/* A span as of now; false where the cell heads none, or one that just changes. */
HP_RACY_READER static bool look_at(const struct hp_span *cell, struct hp_census_span *out_span)
{
	struct hp_span copy = {
		.countdown = HP_PEEK(cell->countdown),
		.units = HP_PEEK(cell->units),
		.carved = HP_PEEK(cell->carved),
		.capacity = HP_PEEK(cell->capacity),
		.kind = HP_PEEK(cell->kind),
		.class = HP_PEEK(cell->class),
		.state = HP_PEEK(cell->state),
		.is_retained = HP_PEEK(cell->is_retained),
	};
	uint32_t live;

	*out_span = (struct hp_census_span){
		.owner = HP_PEEK(cell->owner),
		.bytes = copy.units * HP_UNIT_BYTES,
	};
	if (!copy.units)
		return false;
	if (copy.kind == HP_SPAN_LARGE) {
		out_span->class = HP_CENSUS_LARGE;
		out_span->live = 1;
		return true;
	}
	live = hp_slab_live(&copy);
	if (copy.kind != HP_SPAN_SLAB || copy.class >= HP_CLASS_COUNT || live > copy.carved ||
	    copy.carved > copy.capacity ||
	    copy.capacity > out_span->bytes / hp_class_bytes(copy.class))
		return false;
	out_span->class = copy.class;
	out_span->live = live;
	out_span->free = copy.carved - live;
	out_span->fresh = copy.capacity - copy.carved;
	out_span->is_empty = copy.is_retained && !live;
	return true;
}

/* Visits the spans that begin in a slot; how many bytes of live blocks are on it. */
static uint64_t walk_units(struct walk *walk, size_t slot)
{
	const struct hp_span *cells = (const struct hp_span *)(const void *)walk->region->cells;
	size_t unit = hp_min(walk->large_left, HP_SLOT_UNITS);
	uint64_t live_bytes = unit * HP_UNIT_BYTES;

	walk->large_left -= unit;
	while (unit < HP_SLOT_UNITS) {
		struct hp_census_span span;
		size_t inside, units;

		if (!look_at(&cells[slot * HP_SLOT_UNITS + unit], &span)) {
			unit++;
			continue;
		}
		if (walk->visit)
			walk->visit(&span, walk->context);
		units = span.bytes / HP_UNIT_BYTES;
		inside = hp_min(units, HP_SLOT_UNITS - unit);
		if (span.class == HP_CENSUS_LARGE)
			walk->large_left = units - inside;
		live_bytes += span.class == HP_CENSUS_LARGE ? inside * HP_UNIT_BYTES
							    : hp_census_live_bytes(&span);
		unit += inside;
	}
	return live_bytes;
}

static unsigned fullness_of(uint64_t live_bytes)
{
	if (live_bytes >= HP_HUGEPAGE_BYTES)
		return HP_FULLNESS_FULL;
	return (unsigned)((live_bytes * 10 + HP_HUGEPAGE_BYTES - 1) / HP_HUGEPAGE_BYTES);
}

static uint64_t *fullness_for(struct hp_census_slots *slots, unsigned mapping)
{
	if (mapping == HP_MAPPING_HUGE)
		return slots->hugetlb_fullness;
	return mapping == HP_MAPPING_THP ? slots->thp_fullness : slots->base_fullness;
}

/*
 * Free units of a slot in use, as far as they count as held: see hp_account_filled(). The halves of
 * a bitmap may be of different moments.
 */
HP_RACY_READER static uint64_t gap_bytes(const struct hp_slot *slot, unsigned mapping)
{
	hp_bitmap free = HP_PEEK(slot->free);

	if (mapping == HP_MAPPING_BASE)
		free &= HP_PEEK(slot->touched);
	return hp_bitmap_count(free) * HP_UNIT_BYTES;
}

HP_RACY_READER static void walk_slot(struct walk *walk, size_t index)
{
	const struct hp_slot *slot = &walk->region->slots[index];
	unsigned state = HP_PEEK(slot->state), mapping = HP_PEEK(slot->mapping);
	uint64_t live_bytes = 0;

	if (state == HP_SLOT_USED)
		live_bytes = walk_units(walk, index);
	else
		walk->large_left = 0;
	if (!walk->slots || (state != HP_SLOT_USED && state != HP_SLOT_IDLE))
		return;
	fullness_for(walk->slots, mapping)[fullness_of(live_bytes)]++;
	if (state == HP_SLOT_USED)
		walk->slots->gap_bytes += gap_bytes(slot, mapping);
}

void hp_census_walk(hp_census_visitor *visit, void *context, struct hp_census_slots *out_slots)
{
	unsigned count = atomic_load_explicit(&hp_regions.count, memory_order_acquire);
	struct walk walk = { .visit = visit, .context = context, .slots = out_slots };

	if (out_slots)
		*out_slots = (struct hp_census_slots){ 0 };
	for (unsigned i = 0; i < count; i++) {
		walk.region = &hp_regions.at[i];
		walk.large_left = 0;
		for (size_t slot = 0; slot < hp_region_slots(walk.region); slot++)
			walk_slot(&walk, slot);
	}
}

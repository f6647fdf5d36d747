/*
 * A walk over all spans, for statistics, beside threads that go on.
 *
 * What it may see. The tables of slots and cells are never unmapped, and a region's size is
 * acquired (hp_region_slots(), whose partner is the release in pool/region.c's publish()): every
 * load is of memory that is there. Each field is loaded once, without order, by HP_PEEK; nothing
 * loaded is used as an address, nor as an index before it was checked. So of a span that does not
 * change during the walk it sees what there is. One that comes, goes, grows or moves meanwhile is
 * seen or not, or in a mixture of before and after; one that is reached across a large block that
 * was freed meanwhile is not seen, and came after that. The counts of live blocks are those of the
 * owner's hit path, at most one store behind.
 *
 * What it may not: follow a free list or an inbox. Those links are in the blocks, which may be the
 * program's again, or their memory gone.
 */
#ifndef HP_SPAN_CENSUS_H
#define HP_SPAN_CENSUS_H

#include <hpalloc/hpalloc.h>

#include "span/class.h"
#include "span/span.h"

/* A large block counts as of this class. */
#define HP_CENSUS_LARGE HP_CLASS_COUNT

struct hp_census_span {
	const struct hp_arena
		*owner; /* to be compared, not followed; NULL: a thread's large block */
	unsigned class;
	uint64_t bytes; /* of its units */
	/* Blocks: live are also those freed that their owner does not know of yet. */
	uint32_t live, free, fresh;
	bool is_empty; /* a slab that is kept without a live block */
};

/* Bytes of the live blocks. */
static inline uint64_t hp_census_live_bytes(const struct hp_census_span *span)
{
	return span->class == HP_CENSUS_LARGE ? span->bytes
					      : span->live * hp_class_bytes(span->class);
}

/* The hugepages, by how full they are; and what spans leave free of those in use. */
struct hp_census_slots {
	uint64_t gap_bytes;
	uint64_t hugetlb_fullness[HP_FULLNESS_COUNT];
	uint64_t thp_fullness[HP_FULLNESS_COUNT];
	uint64_t base_fullness[HP_FULLNESS_COUNT];
};

typedef void hp_census_visitor(const struct hp_census_span *span, void *context);

/* Calls `visit` for each span and fills *out_slots; each may be NULL. Any thread, no lock. */
void hp_census_walk(hp_census_visitor *visit, void *context, struct hp_census_slots *out_slots);

#endif

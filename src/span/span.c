/* See span.h. */
#include "span/span.h"

struct hp_region *hp_span_other_region(const struct hp_span *span)
{
	struct hp_region *region = &hp_regions.at[0];

	while ((uintptr_t)span - (uintptr_t)region->cells >=
	       hp_region_slots(region) * HP_SLOT_UNITS * HP_SPAN_BYTES)
		region++;
	return region;
}

/* See class.h. */
#include "span/class.h"

enum {
	MIN_BLOCKS = 4, /* of a slab, up to MANY_BYTES a block */
	MANY_BYTES = 16 << 10,
	HOT_UNITS = 4,	      /* a hot slab is at least as long */
	TAIL_WASTE_SHIFT = 3, /* an eighth */
};

static_assert(HOT_UNITS * HP_UNIT_BYTES / 16 <= HP_CLASS_BLOCKS_MAX, "of the smallest ones");

static bool fits(size_t bytes, unsigned units)
{
	size_t slab = units * HP_UNIT_BYTES;

	return slab >= bytes && slab % bytes <= slab >> TAIL_WASTE_SHIFT;
}

unsigned hp_class_units(unsigned class, bool is_hot)
{
	size_t bytes = hp_class_bytes(class);
	size_t at_least = bytes <= MANY_BYTES ? MIN_BLOCKS * bytes : bytes;
	unsigned units = is_hot ? HOT_UNITS : 1;

	while (units * HP_UNIT_BYTES < at_least || !fits(bytes, units))
		units++;
	return units;
}

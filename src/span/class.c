/* See class.h. */
#include "span/class.h"

enum {
	MIN_BLOCKS = 4, /* of a slab, up to MANY_BYTES a block */
	MANY_BYTES = 16 << 10,
	HOT_UNITS = 4,	      /* a hot slab is at least as long */
	TAIL_WASTE_SHIFT = 3, /* an eighth */
};

/* hp_class_of() of so many times 16 bytes, as a constant; both branches must be valid. */
#define CLASS(units) ((units) > 8 ? LARGER(LARGE(units) * 16) : SMALL(units))
#define SMALL(units) ((units) ? (units)-1 : 0)
#define LARGE(units) ((units) > 8 ? (units) : 9)
#define SHIFT(bytes) (60 - __builtin_clzll((bytes)-1))
#define LARGER(bytes) ((SHIFT(bytes) - 4) * 8 + (((bytes)-1) >> SHIFT(bytes)))
#define ROW(first)                                                                                 \
	CLASS(first), CLASS((first) + 1), CLASS((first) + 2), CLASS((first) + 3),                  \
		CLASS((first) + 4), CLASS((first) + 5), CLASS((first) + 6), CLASS((first) + 7)

const uint8_t hp_class_small[HP_CLASS_SMALL_BYTES / 16 + 1] = {
	ROW(0), ROW(8), ROW(16), ROW(24), ROW(32), ROW(40), ROW(48), ROW(56), CLASS(64),
};

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

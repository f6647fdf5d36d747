/*
 * See audit.h. What is found: a block freed twice with others between, a pointer into a block, a
 * write to a block after its free. Large programs have longer lists than there is time for: a part
 * of them is looked at then.
 */
#include "api/audit.h"

#include "arena/arena.h"
#include "arena/quarantine.h"
#include "base/check.h"
#include "pool/region.h"
#include "span/slab.h"

enum { BLOCKS_MAX = 64 << 10 }; /* looked at in all, slabs included: about a millisecond */

struct audit {
	const struct hp_arena *arena;
	size_t left; /* slabs and blocks that may still be looked at */
};

static HP_RACY_READER void look_at_slot(const struct hp_region *region, size_t slot,
					struct audit *audit)
{
	const struct hp_span *span =
		(const struct hp_span *)(const void *)region->cells + slot * HP_SLOT_UNITS;

	for (size_t unit = 0; unit < HP_SLOT_UNITS; unit++, span++) {
		if (span->owner != audit->arena || span->back || !audit->left ||
		    span->generation != audit->arena->generation)
			continue;
		audit->left--;
		audit->left -= hp_slab_audit(span, audit->left);
	}
}

/* Other threads go on: what they own is not touched, but for a look at whose it is. */
HP_RACY_READER void hp_audit(void)
{
	struct audit audit = { .arena = hp_mine, .left = BLOCKS_MAX };
	unsigned count = atomic_load_explicit(&hp_regions.count, memory_order_acquire);

	if (!hp_arena_is_real(hp_mine))
		return;
	hp_quarantine_audit(hp_mine);
	for (unsigned i = 0; i < count; i++) {
		const struct hp_region *region = &hp_regions.at[i];

		for (size_t slot = 0; slot < hp_region_slots(region) && audit.left; slot++) {
			if (region->slots[slot].state == HP_SLOT_USED)
				look_at_slot(region, slot, &audit);
		}
	}
}

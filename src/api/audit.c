/*
 * See audit.h. What is found: a block freed twice with others between, a pointer into a block, a
 * write to a block after its free; under hardening, one beyond the end of a live block, too. Large
 * programs have longer lists than there is time for: a part of them is looked at then.
 */
#include "api/audit.h"

#include "arena/arena.h"
#include "arena/explicit.h"
#include "arena/quarantine.h"
#include "base/check.h"
#include "os/os.h"
#include "pool/region.h"
#include "span/large.h"
#include "span/live.h"
#include "span/marks.h"
#include "span/seal.h"
#include "span/slab.h"

enum { BLOCKS_MAX = 64 << 10 }; /* looked at in all, slabs included: about a millisecond */

struct audit {
	const struct hp_arena *arena;
	size_t left;   /* slabs and blocks that may still be looked at */
	bool is_alone; /* the process has no other thread, to which a large block may belong */
};

/* What was never freed is looked at now: what was written beyond its end. */
static void look_at_live(const struct hp_span *slab, struct audit *audit)
{
	size_t bytes = hp_slab_block_bytes(slab);
	const char *block = hp_span_start(slab);

	for (uint32_t i = 0; i < slab->carved && audit->left; i++, block += bytes) {
		if (!hp_live_is_set(slab, block))
			continue;
		audit->left--;
		HP_CHECK(!hp_marks_is_overrun(block, bytes),
			 "%p was written to beyond its end (%zu-byte block)", (const void *)block,
			 bytes - HP_TAIL_BYTES);
	}
}

static void look_at_large(const struct hp_span *large)
{
	const char *block = hp_span_start(large);
	size_t bytes = hp_large_bytes(large);

	/* The program may have protected it. */
	if (hp_seal_is_claimed(large) || !hp_os_is_readable(block + bytes - HP_TAIL_BYTES))
		return;
	HP_CHECK(!hp_marks_is_overrun(block, bytes),
		 "%p was written to beyond its end (%zu-byte block)", (const void *)block,
		 bytes - HP_TAIL_BYTES);
}

/* Of the thread's arena, and not from before a fork; or of an explicit one that is bound to it. */
static HP_RACY_READER bool is_ours(const struct hp_span *span, const struct hp_arena *arena)
{
	if (span->owner == arena)
		return span->generation == arena->generation;
	return span->kind == HP_SPAN_SLAB && span->is_explicit &&
	       hp_explicit_is_mine(hp_explicit_of_span(span));
}

static HP_RACY_READER void look_at_slot(const struct hp_region *region, size_t slot,
					struct audit *audit)
{
	const struct hp_span *span =
		(const struct hp_span *)(const void *)region->cells + slot * HP_SLOT_UNITS;

	for (size_t unit = 0; unit < HP_SLOT_UNITS; unit++, span++) {
		if (audit->is_alone && span->kind == HP_SPAN_LARGE && span->is_hardened)
			look_at_large(span);
		if (!is_ours(span, audit->arena) || span->back || !audit->left)
			continue;
		audit->left--;
		audit->left -= hp_slab_audit(span, audit->left);
		if (span->is_hardened)
			look_at_live(span, audit);
	}
}

/* Other threads go on: what they own is not touched, but for a look at whose it is. */
HP_RACY_READER void hp_audit(void)
{
	struct audit audit = {
		.arena = hp_mine,
		.left = BLOCKS_MAX,
		.is_alone = hp_os_is_single_threaded(),
	};
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

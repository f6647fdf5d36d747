/* What the heap holds: counters of the pool, and a walk over the spans. */
#include <errno.h>
#include <string.h>

#include "api/block.h"
#include "api/init.h"
#include "arena/gate.h"
#include "arena/registry.h"
#include "arena/thread.h"
#include "pool/pool.h"
#include "rt/counters.h"
#include "rt/meta.h"
#include "span/slab.h"

/*
 * Usable bytes of the blocks in the spans that begin in one slot. Other threads go on: counts may
 * be of different moments; a span that comes, goes or changes its state counts or not.
 */
HP_RACY_READER static uint64_t slot_in_use(const struct hp_region *region, size_t slot)
{
	const struct hp_span *span =
		(const struct hp_span *)(const void *)region->cells + slot * HP_SLOT_UNITS;
	uint64_t bytes = 0;

	for (size_t unit = 0; unit < HP_SLOT_UNITS; unit++, span++) {
		uint32_t live = hp_slab_live(span);

		if (span->kind == HP_SPAN_LARGE)
			bytes += span->units * HP_UNIT_BYTES;
		else if (span->kind == HP_SPAN_SLAB && live <= span->capacity)
			bytes += (uint64_t)live * hp_class_bytes(span->class);
	}
	return bytes;
}

HP_RACY_READER static bool is_used(const struct hp_region *region, size_t slot)
{
	return region->slots[slot].state == HP_SLOT_USED;
}

static uint64_t bytes_in_use(void)
{
	unsigned count = atomic_load_explicit(&hp_regions.count, memory_order_acquire);
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct hp_region *region = &hp_regions.at[i];

		for (size_t slot = 0; slot < hp_region_slots(region); slot++) {
			if (is_used(region, slot))
				bytes += slot_in_use(region, slot);
		}
	}
	return bytes;
}

static void count_arena(struct hp_arena *arena, void *count)
{
	(void)arena;
	++*(uint64_t *)count;
}

int hp_stats_get(struct hp_stats *out_stats, size_t stats_bytes)
{
	int kept_errno = errno;
	struct hp_stats stats;

	if (stats_bytes > sizeof(stats))
		return EINVAL;
	hp_init();
	hp_thread_settle(HP_SETTLE);
	hp_pool_settle();
	hp_counters_get(&stats);
	stats.in_use_bytes = bytes_in_use();
	stats.metadata_bytes = hp_meta_bytes();
	stats.reserved_bytes = hp_region_reserved_bytes();
	stats.orphans = hp_registry_orphans();
	hp_gate_enter_guest();
	hp_registry_walk(count_arena, &stats.arenas);
	hp_gate_leave_guest();
	memcpy(out_stats, &stats, stats_bytes);
	errno = kept_errno;
	return 0;
}

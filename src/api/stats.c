/*
 * See stats.h. Counters of the pool, a census of the spans and a tally of the arenas, one after the
 * other: each says itself what it may miss beside running threads. Differences of figures that are
 * of different moments are cut off at 0.
 */
#include "api/stats.h"

#include <errno.h>
#include <string.h>

#include "api/guard.h"
#include "api/init.h"
#include "arena/gate.h"
#include "arena/registry.h"
#include "arena/thread.h"
#include "pool/pool.h"
#include "rt/counters.h"
#include "rt/meta.h"
#include "span/large.h"

static uint64_t difference(uint64_t more, uint64_t less)
{
	return more > less ? more - less : 0;
}

static void add_span(const struct hp_census_span *span, void *context)
{
	struct hp_stats *stats = context;
	uint64_t block_bytes;

	stats->in_use_blocks += span->live;
	stats->in_use_bytes += hp_census_live_bytes(span);
	if (span->class == HP_CENSUS_LARGE) {
		stats->large_blocks++;
		stats->large_bytes += span->bytes;
		return;
	}
	block_bytes = hp_class_bytes(span->class);
	stats->slabs++;
	stats->slab_bytes += span->bytes;
	stats->free_bytes += span->free * block_bytes;
	stats->fresh_bytes += span->fresh * block_bytes;
	stats->waste_bytes += span->bytes - (span->live + span->free + span->fresh) * block_bytes;
	stats->empty_bytes += span->is_empty ? span->bytes : 0;
}

static uint64_t add_blocks(const uint32_t blocks[static HP_CLASS_COUNT], uint64_t *count)
{
	uint64_t bytes = 0;

	for (unsigned class = 0; class < HP_CLASS_COUNT; class ++) {
		*count += blocks[class];
		bytes += blocks[class] * hp_class_bytes(class);
	}
	return bytes;
}

static void add_tally(struct hp_stats *stats, const struct hp_tally *tally)
{
	uint64_t waiting = tally->quarantine.large_blocks;

	stats->arenas = tally->arenas;
	stats->inbox_bytes = add_blocks(tally->inbox, &waiting);
	stats->outbox_bytes = add_blocks(tally->outbox, &waiting);
	stats->quarantine_bytes =
		add_blocks(tally->quarantine.blocks, &waiting) + tally->quarantine.large_bytes;
	stats->in_use_blocks = difference(stats->in_use_blocks, waiting);
	stats->in_use_bytes =
		difference(stats->in_use_bytes,
			   stats->inbox_bytes + stats->outbox_bytes + stats->quarantine_bytes);
	stats->large_blocks = difference(stats->large_blocks, tally->quarantine.large_blocks);
	stats->large_bytes = difference(stats->large_bytes, tally->quarantine.large_bytes);
	stats->refills = tally->counts.refills;
	stats->refilled_blocks = tally->counts.refilled_blocks;
	stats->handed_blocks = tally->counts.handed_blocks;
	stats->slabs_taken = tally->counts.slabs_taken;
	stats->slabs_given = tally->counts.slabs_given;
}

/* Apart, for its size on the stack of whoever publishes: see publish.h. */
HP_NOINLINE static void fill_from_arenas(struct hp_stats *stats)
{
	struct hp_tally tally;

	hp_tally_arenas(&tally);
	add_tally(stats, &tally);
}

void hp_stats_fill(struct hp_stats *out_stats)
{
	struct hp_census_slots slots;

	hp_pool_settle();
	hp_counters_get(out_stats);
	out_stats->in_use_bytes = 0;
	memset(&out_stats->in_use_blocks, 0,
	       sizeof(*out_stats) - offsetof(struct hp_stats, in_use_blocks));
	hp_census_walk(add_span, out_stats, &slots);
	out_stats->gap_bytes = slots.gap_bytes;
	memcpy(out_stats->hugetlb_fullness, slots.hugetlb_fullness, sizeof(slots.hugetlb_fullness));
	memcpy(out_stats->thp_fullness, slots.thp_fullness, sizeof(slots.thp_fullness));
	memcpy(out_stats->base_fullness, slots.base_fullness, sizeof(slots.base_fullness));
	fill_from_arenas(out_stats);
	hp_large_count(&out_stats->large_taken, &out_stats->large_given);
	out_stats->guarded_blocks = hp_guard_count();
	out_stats->metadata_bytes = hp_meta_bytes();
	out_stats->reserved_bytes = hp_region_reserved_bytes();
	out_stats->orphans = hp_registry_orphans();
}

int hp_stats_get(struct hp_stats *out_stats, size_t stats_bytes)
{
	int kept_errno = errno;
	struct hp_stats stats;

	if (stats_bytes > sizeof(stats))
		return EINVAL;
	hp_init();
	hp_thread_settle(HP_SETTLE);
	hp_gate_enter_guest();
	hp_stats_fill(&stats);
	hp_gate_leave_guest();
	memcpy(out_stats, &stats, stats_bytes);
	errno = kept_errno;
	return 0;
}

/* ---- by class ---- */

static void add_to_class(const struct hp_census_span *span, void *context)
{
	struct hp_stats_class *class = (struct hp_stats_class *)context + span->class;

	class->blocks += span->live;
	class->free_blocks += span->free;
	class->fresh_blocks += span->fresh;
	class->slab_bytes += span->bytes;
	class->slabs += span->class != HP_CENSUS_LARGE;
	class->empty_slabs += span->is_empty;
}

void hp_stats_fill_classes(struct hp_stats_class out_classes[static HP_STATS_CLASSES])
{
	struct hp_stats_class *large = &out_classes[HP_CENSUS_LARGE];
	struct hp_tally tally;

	memset(out_classes, 0, HP_STATS_CLASSES * sizeof(*out_classes));
	hp_gate_enter_guest();
	hp_census_walk(add_to_class, out_classes, NULL);
	hp_tally_arenas(&tally);
	hp_gate_leave_guest();
	for (unsigned i = 0; i < HP_CLASS_COUNT; i++) {
		struct hp_stats_class *class = &out_classes[i];

		class->block_bytes = hp_class_bytes(i);
		class->inbox_blocks = tally.inbox[i];
		class->outbox_blocks = tally.outbox[i];
		class->quarantine_blocks = tally.quarantine.blocks[i];
		class->blocks =
			difference(class->blocks, tally.inbox[i] + (uint64_t)tally.outbox[i] +
							  tally.quarantine.blocks[i]);
	}
	large->quarantine_blocks = tally.quarantine.large_blocks;
	large->blocks = difference(large->blocks, tally.quarantine.large_blocks);
}

int hp_stats_get_classes(struct hp_stats_class *out, size_t class_bytes, size_t *inout_count)
{
	struct hp_stats_class classes[HP_STATS_CLASSES];
	int kept_errno = errno;
	size_t count = 0;

	if (class_bytes > sizeof(*out))
		return EINVAL;
	hp_init();
	hp_thread_settle(HP_SETTLE);
	hp_stats_fill_classes(classes);
	for (size_t i = 0; i < HP_STATS_CLASSES; i++) {
		if (!classes[i].slabs && i != HP_CENSUS_LARGE)
			continue;
		if (out && count < *inout_count)
			memcpy((char *)out + count * class_bytes, &classes[i], class_bytes);
		count++;
	}
	*inout_count = count;
	errno = kept_errno;
	return 0;
}

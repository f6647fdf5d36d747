/* See account.h. */
#include "pool/account.h"

#include <stdatomic.h>

#include "base/check.h"
#include "base/probe.h"
#include "pool/edges.h"
#include "rt/counters.h"

static void add_to_kind(struct hp_stats *stats, enum hp_mapping mapping, long bytes)
{
	if (mapping == HP_MAPPING_HUGE)
		stats->hugetlb_bytes += (uint64_t)bytes;
	else if (mapping == HP_MAPPING_THP)
		stats->thp_bytes += (uint64_t)bytes;
	else
		stats->base_bytes += (uint64_t)bytes;
	stats->heap_bytes += (uint64_t)bytes;
}

static void note_fallback(struct hp_stats *stats, enum hp_fallback reason, size_t slots)
{
	HP_PROBE2(fallback, reason, slots);
	stats->fallbacks[reason] += slots;
}

static void note_peak(struct hp_stats *stats)
{
	if (stats->heap_bytes <= stats->peak_bytes)
		return;
	stats->peak_bytes = stats->heap_bytes;
	stats->peak_hugetlb_bytes = stats->hugetlb_bytes;
	stats->peak_thp_bytes = stats->thp_bytes;
	stats->peak_base_bytes = stats->base_bytes;
}

static _Atomic unsigned rescued; /* slots, not yet in the counters */

static struct hp_stats *begin(void)
{
	struct hp_stats *stats = hp_counters_begin();
	unsigned slots = atomic_exchange_explicit(&rescued, 0, memory_order_relaxed);

	stats->rescued += slots;
	stats->hugetlb_bytes -= slots * HP_HUGEPAGE_BYTES;
	stats->thp_bytes += slots * HP_HUGEPAGE_BYTES;
	return stats;
}

void hp_account_rescued(void)
{
	atomic_fetch_add_explicit(&rescued, 1, memory_order_relaxed);
}

void hp_account_settle(void)
{
	begin();
	hp_counters_end();
}

/* A slot on base pages counts by the units in use, each at its first touch. */
static long bytes_of(const struct hp_slot *slot)
{
	if (slot->mapping == HP_MAPPING_BASE)
		return (long)(hp_bitmap_count(slot->touched) * HP_UNIT_BYTES);
	return (long)HP_HUGEPAGE_BYTES;
}

void hp_account_filled(struct hp_run run, const struct hp_backing_result *result)
{
	struct hp_stats *stats = begin();

	for (size_t i = 0; i < run.count; i++) {
		struct hp_slot *slot = &hp_run_slots(run)[i];

		HP_ASSERT(!slot->has_memory);
		slot->has_memory = true;
		add_to_kind(stats, slot->mapping, bytes_of(slot));
	}
	stats->hugepages_taken += result->huge_slots;
	stats->pool_withheld += result->withheld_slots;
	if (result->reason < HP_FALLBACK_COUNT && result->huge_slots < run.count)
		note_fallback(stats, result->reason, run.count - result->huge_slots);
	note_peak(stats);
	hp_counters_end();
}

void hp_account_emptied(struct hp_run run, enum hp_emptied how)
{
	struct hp_stats *stats = begin();

	for (size_t i = 0; i < run.count; i++) {
		struct hp_slot *slot = &hp_run_slots(run)[i];

		HP_ASSERT(slot->has_memory);
		slot->has_memory = false;
		add_to_kind(stats, slot->mapping, -bytes_of(slot));
		if (how == HP_EMPTIED_PURGED && slot->mapping == HP_MAPPING_HUGE)
			stats->hugepages_given++;
		else if (how == HP_EMPTIED_PURGED)
			stats->purged_bytes += (uint64_t)bytes_of(slot);
	}
	hp_counters_end();
}

void hp_account_kept(struct hp_run run)
{
	struct hp_stats *stats = begin();

	for (size_t i = 0; i < run.count; i++) {
		struct hp_slot *slot = &hp_run_slots(run)[i];

		slot->has_memory = true;
		add_to_kind(stats, slot->mapping, bytes_of(slot));
		if (slot->mapping == HP_MAPPING_HUGE)
			stats->hugepages_given--;
		else
			stats->purged_bytes -= (uint64_t)bytes_of(slot);
	}
	hp_counters_end();
}

void hp_account_remapped(struct hp_run run, enum hp_mapping mapping)
{
	struct hp_stats *stats = begin();

	for (size_t i = 0; i < run.count; i++) {
		struct hp_slot *slot = &hp_run_slots(run)[i];

		if (slot->has_memory)
			add_to_kind(stats, slot->mapping, -bytes_of(slot));
		slot->mapping = (uint8_t)mapping;
		slot->is_rescued = false;
		hp_edges_clear(slot);
		if (slot->has_memory)
			add_to_kind(stats, slot->mapping, bytes_of(slot));
	}
	note_peak(stats);
	hp_counters_end();
}

void hp_account_fallback(enum hp_fallback reason, size_t slots)
{
	note_fallback(begin(), reason, slots);
	hp_counters_end();
}

void hp_account_idle(const struct hp_slot *slot, bool is_idle)
{
	long bytes = bytes_of(slot);

	begin()->idle_bytes += (uint64_t)(is_idle ? bytes : -bytes);
	hp_counters_end();
}

bool hp_account_base_units(long units)
{
	struct hp_stats *stats;

	if (units > 0 && !hp_limit_has_units((size_t)units))
		return false;
	stats = begin();
	add_to_kind(stats, HP_MAPPING_BASE, units * (long)HP_UNIT_BYTES);
	note_peak(stats);
	hp_counters_end();
	return true;
}

void hp_account_purged(size_t bytes)
{
	begin()->purged_bytes += bytes;
	hp_counters_end();
}

void hp_account_copied(size_t bytes)
{
	begin()->realloc_copied_bytes += bytes;
	hp_counters_end();
}

size_t hp_account_peak_slots(void)
{
	struct hp_stats stats;

	hp_counters_get(&stats);
	return (size_t)(stats.peak_bytes / HP_HUGEPAGE_BYTES);
}

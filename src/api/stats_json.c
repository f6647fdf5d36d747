/*
 * One JSON object. Numbers alone: a reader that takes them for floating point loses what is beyond
 * 2^53, 8 PB.
 */
#include <assert.h>

#include "api/stats_print.h"
#include "os/os.h"

static void put_number(struct hp_out *out, const char *before, const char *name, uint64_t value)
{
	hp_out_put(out, "%s\"%s\":%llu", before, name, (unsigned long long)value);
}

static void put_list(struct hp_out *out, const char *before, const char *name,
		     const uint64_t *values, size_t count)
{
	hp_out_put(out, "%s\"%s\":[", before, name);
	for (size_t i = 0; i < count; i++)
		hp_out_put(out, i ? ",%llu" : "%llu", (unsigned long long)values[i]);
	hp_out_put(out, "]");
}

/* None is forgotten in the table. */
enum {
	PLAIN_FIELDS = 0
#define HP_STAT(field, kind, how, help) +1
#include "api/stats.def"
};

static_assert(sizeof(struct hp_stats) ==
		      (PLAIN_FIELDS + HP_FALLBACK_COUNT + 3 * HP_FULLNESS_COUNT) * sizeof(uint64_t),
	      "stats.def has all fields");

static void put_stats(struct hp_out *out, const struct hp_stats *stats)
{
#define HP_STAT(field, kind, how, help) put_number(out, ",\n", #field, stats->field);
#include "api/stats.def"
	hp_out_put(out, ",\n\"fallbacks\":{");
#define HP_STAT_FALLBACK(name, reason)                                                             \
	put_number(out, (reason) ? "," : "", #name, stats->fallbacks[reason]);
#include "api/stats.def"
	hp_out_put(out, "}");
#define HP_STAT_FULLNESS(name)                                                                     \
	put_list(out, ",\n", #name "_fullness", stats->name##_fullness, HP_FULLNESS_COUNT);
#include "api/stats.def"
}

static void put_resident(struct hp_out *out, const struct hp_stats_resident *resident)
{
	put_number(out, ",\n\"resident\":{", "hugetlb_bytes", resident->hugetlb_bytes);
	put_number(out, ",", "thp_bytes", resident->thp_bytes);
	put_number(out, ",", "base_bytes", resident->base_bytes);
	put_number(out, ",", "swapped_bytes", resident->swapped_bytes);
	put_number(out, ",", "metadata_bytes", resident->metadata_bytes);
	hp_out_put(out, "}");
}

static void put_class(struct hp_out *out, const struct hp_stats_class *class)
{
	put_number(out, "{", "block_bytes", class->block_bytes);
	put_number(out, ",", "blocks", class->blocks);
	put_number(out, ",", "free_blocks", class->free_blocks);
	put_number(out, ",", "fresh_blocks", class->fresh_blocks);
	put_number(out, ",", "inbox_blocks", class->inbox_blocks);
	put_number(out, ",", "outbox_blocks", class->outbox_blocks);
	put_number(out, ",", "quarantine_blocks", class->quarantine_blocks);
	put_number(out, ",", "slabs", class->slabs);
	put_number(out, ",", "empty_slabs", class->empty_slabs);
	put_number(out, ",", "slab_bytes", class->slab_bytes);
	hp_out_put(out, "}");
}

static void put_arena(struct hp_out *out, const struct hp_stats_arena *arena)
{
	static const char *const states[] = { "owned", "orphan", "late", "explicit" };

	put_number(out, "{", "id", arena->id);
	hp_out_put(out, ",\"state\":\"%s\"", states[arena->state]);
	put_number(out, ",", "live_blocks", arena->live_blocks);
	put_number(out, ",", "live_bytes", arena->live_bytes);
	put_number(out, ",", "free_bytes", arena->free_bytes);
	put_number(out, ",", "slabs", arena->slabs);
	put_number(out, ",", "slab_bytes", arena->slab_bytes);
	put_number(out, ",", "empty_slabs", arena->empty_slabs);
	put_number(out, ",", "outbox_blocks", arena->outbox_blocks);
	put_number(out, ",", "refills", arena->refills);
	put_number(out, ",", "refilled_blocks", arena->refilled_blocks);
	if (arena->state == HP_STATS_ARENA_EXPLICIT) {
		put_number(out, ",", "large_blocks", arena->large_blocks);
		put_number(out, ",", "large_bytes", arena->large_bytes);
		put_number(out, ",", "limit_bytes", arena->limit_bytes);
		hp_out_put(out, ",\"name\":\"");
		hp_out_put_name(out, arena->name, "\"\\");
		hp_out_put(out, "\"");
	}
	hp_out_put(out, "}");
}

void hp_stats_put_json(struct hp_out *out, const struct hp_stats_all *all)
{
	hp_out_put(out, "{\"version\":\"%s\"", hp_version());
	put_number(out, ",\n", "pid", (uint64_t)hp_os_pid());
	put_stats(out, &all->stats);
	if (all->has_resident)
		put_resident(out, &all->resident);
	hp_out_put(out, ",\n\"classes\":[");
	for (size_t i = 0; i < all->class_count; i++) {
		hp_out_put(out, i ? ",\n" : "\n");
		put_class(out, &all->classes[i]);
	}
	hp_out_put(out, "],\n\"arena_list\":[");
	for (size_t i = 0; i < all->arena_count; i++) {
		hp_out_put(out, i ? ",\n" : "\n");
		put_arena(out, &all->arenas[i]);
	}
	hp_out_put(out, "]}\n");
}

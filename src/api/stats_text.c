/* For people: what is 0 is left out where it says nothing. */
#include "api/stats_print.h"
#include "base/text.h"
#include "os/os.h"

enum { LABEL = 46, SIZE = 11, COUNT = 10, SIZE_TEXT = 24, ARENAS_SHOWN = 32 };

/* Rounded down to a tenth: 1023 B, 64.0 KB, 1.5 GB. */
static const char *size_text(char text[static SIZE_TEXT], uint64_t bytes)
{
	static const char units[] = "BKMGTP";
	unsigned unit = 0;
	uint64_t tenths = bytes * 10;

	if (bytes > UINT64_MAX / 10)
		tenths = UINT64_MAX;
	for (; tenths >= 10240 && units[unit + 1]; unit++)
		tenths /= 1024;
	if (unit)
		hp_text_format(text, SIZE_TEXT, "%llu.%llu %cB", (unsigned long long)tenths / 10,
			       (unsigned long long)tenths % 10, units[unit]);
	else
		hp_text_format(text, SIZE_TEXT, "%llu B", (unsigned long long)bytes);
	return text;
}

static void put_label(struct hp_out *out, const char *label)
{
	size_t length = 0;

	while (label[length])
		length++;
	hp_out_put(out, "%s", label);
	if (length < LABEL)
		hp_out_put_right(out, LABEL - length, "%s", "");
}

static void put_size(struct hp_out *out, const char *label, uint64_t bytes)
{
	char text[SIZE_TEXT];

	put_label(out, label);
	hp_out_put_right(out, SIZE, "%s", size_text(text, bytes));
}

static void put_size_line(struct hp_out *out, const char *label, uint64_t bytes)
{
	put_size(out, label, bytes);
	hp_out_put(out, "\n");
}

static void put_blocks_line(struct hp_out *out, const char *label, uint64_t bytes, uint64_t count,
			    const char *unit)
{
	put_size(out, label, bytes);
	hp_out_put(out, "   %llu %s\n", (unsigned long long)count, unit);
}

static void put_count_line(struct hp_out *out, const char *label, uint64_t count)
{
	put_label(out, label);
	hp_out_put_right(out, SIZE, "%llu", (unsigned long long)count);
	hp_out_put(out, "\n");
}

static void put_held(struct hp_out *out, const struct hp_stats_all *all)
{
	const struct hp_stats *stats = &all->stats;
	const struct hp_stats_resident *there = &all->resident;
	char peak[SIZE_TEXT];

	put_size(out, "held from the system", stats->heap_bytes);
	hp_out_put(out, "   at most %s\n", size_text(peak, stats->peak_bytes));
	put_size_line(out, "  on the pool of huge pages (hugetlb)", stats->hugetlb_bytes);
	put_size_line(out, "  given to transparent huge pages", stats->thp_bytes);
	put_size_line(out, "  on base pages", stats->base_bytes);
	if (all->has_resident) {
		put_size_line(out, "there now, as the kernel says",
			      there->hugetlb_bytes + there->thp_bytes + there->base_bytes);
		put_size_line(out, "  on the pool of huge pages (hugetlb)", there->hugetlb_bytes);
		put_size_line(out, "  on transparent huge pages", there->thp_bytes);
		put_size_line(out, "  on base pages", there->base_bytes);
		put_size_line(out, "  swapped out", there->swapped_bytes);
	}
	put_size_line(out, "the allocator's own, beside it", stats->metadata_bytes);
	put_size_line(out, "address space", stats->reserved_bytes);
}

static void put_use(struct hp_out *out, const struct hp_stats *stats)
{
	hp_out_put(out, "what is held is\n");
	put_blocks_line(out, "  in use", stats->in_use_bytes, stats->in_use_blocks, "blocks");
	put_blocks_line(out, "    of it in large blocks", stats->large_bytes, stats->large_blocks,
			"blocks");
	put_size_line(out, "  free, in slabs", stats->free_bytes);
	put_size_line(out, "  not cut into blocks yet, in slabs", stats->fresh_bytes);
	put_size_line(out, "  too short for a block, in slabs", stats->waste_bytes);
	put_size_line(out, "  freed by other threads, not taken in yet", stats->inbox_bytes);
	put_size_line(out, "  freed by other threads, not handed over yet", stats->outbox_bytes);
	put_size_line(out, "  in quarantine", stats->quarantine_bytes);
	if (stats->guarded_blocks)
		put_count_line(out, "  guarded, on pages beside the heap", stats->guarded_blocks);
	put_size_line(out, "  between slabs, on hugepages in use", stats->gap_bytes);
	put_size_line(out, "  on idle hugepages", stats->idle_bytes);
	put_blocks_line(out, "slabs", stats->slab_bytes, stats->slabs, "slabs");
	put_size_line(out, "  of them kept empty", stats->empty_bytes);
}

static void put_reasons(struct hp_out *out, const struct hp_stats *stats)
{
	static const char *const reasons[HP_FALLBACK_COUNT] = {
		[HP_FALLBACK_POOL_EMPTY] = "the pool was empty",
		[HP_FALLBACK_LIMIT] = "a limit",
		[HP_FALLBACK_MAPPING] = "a mapping failed",
		[HP_FALLBACK_LAZY_LARGE] = "very large blocks",
		[HP_FALLBACK_FORK] = "a fork left a copy",
		[HP_FALLBACK_WARMUP] = "the first part of the heap",
		[HP_FALLBACK_THP_OFF] = "transparent huge pages are off",
		[HP_FALLBACK_THP_FAILED] = "the kernel had none",
	};

	hp_out_put(out, "hugepages that stand elsewhere, by reason\n");
	for (unsigned i = 0; i < HP_FALLBACK_COUNT; i++) {
		char label[LABEL + 1];

		if (!stats->fallbacks[i])
			continue;
		hp_text_format(label, sizeof(label), "  %s", reasons[i]);
		put_count_line(out, label, stats->fallbacks[i]);
	}
}

static void put_fullness(struct hp_out *out, const char *name, const uint64_t *fullness)
{
	hp_out_put(out, "  %s", name);
	for (unsigned i = 0; i < HP_FULLNESS_COUNT; i++)
		hp_out_put_right(out, i ? 7 : 16, "%llu", (unsigned long long)fullness[i]);
	hp_out_put(out, "\n");
}

static void put_hugepages(struct hp_out *out, const struct hp_stats *stats)
{
	hp_out_put(out, "hugepages by fullness     empty");
	for (unsigned i = 1; i < HP_FULLNESS_FULL; i++)
		hp_out_put_right(out, 7, i < 10 ? "-%u %%" : "<%u %%", i * 10);
	hp_out_put(out, "   full\n");
	put_fullness(out, "hugetlb    ", stats->hugetlb_fullness);
	put_fullness(out, "transparent", stats->thp_fullness);
	put_fullness(out, "base pages ", stats->base_fullness);
}

static void put_events(struct hp_out *out, const struct hp_stats *stats)
{
	hp_out_put(out, "since the start\n");
	put_count_line(out, "  hugepages taken from the pool", stats->hugepages_taken);
	put_count_line(out, "  hugepages given back to it", stats->hugepages_given);
	put_size_line(out, "  other memory given back", stats->purged_bytes);
	put_count_line(out, "  mallocs that found no free block at hand", stats->refills);
	put_count_line(out, "  blocks made ready by these", stats->refilled_blocks);
	put_count_line(out, "  blocks freed by other threads", stats->handed_blocks);
	put_count_line(out, "  slabs begun", stats->slabs_taken);
	put_count_line(out, "  slabs ended", stats->slabs_given);
	put_count_line(out, "  large blocks allocated", stats->large_taken);
	put_count_line(out, "  large blocks freed", stats->large_given);
	put_size_line(out, "  large blocks copied by realloc", stats->realloc_copied_bytes);
	put_count_line(out, "  forks: hugetlb memory copied", stats->forks_copied);
	put_count_line(out, "  forks: shared", stats->forks_shared);
	put_count_line(out, "  forks: shared for want of memory", stats->forks_uncovered);
	put_count_line(out, "  hugepages rescued", stats->rescued);
}

/* Rounded down; the counts are not of one moment. */
static unsigned percent(uint64_t part, uint64_t whole)
{
	if (part >= whole)
		return whole ? 100 : 0;
	return (unsigned)((double)part * 100 / (double)whole);
}

static void put_class(struct hp_out *out, const struct hp_stats_class *class)
{
	uint64_t waiting = class->inbox_blocks + class->outbox_blocks + class->quarantine_blocks;
	uint64_t used = class->block_bytes ? class->blocks * class->block_bytes : class->slab_bytes;
	const uint64_t counts[] = { class->blocks, class->free_blocks, class->fresh_blocks,
				    waiting,	   class->slabs,       class->empty_slabs };
	char text[SIZE_TEXT];

	hp_out_put_right(out, 8, class->block_bytes ? "%llu" : "large",
			 (unsigned long long)class->block_bytes);
	for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		hp_out_put_right(out, COUNT, "%llu", (unsigned long long)counts[i]);
	hp_out_put_right(out, SIZE, "%s", size_text(text, class->slab_bytes));
	hp_out_put_right(out, 6, "%u %%", percent(used, class->slab_bytes));
	hp_out_put(out, "\n");
}

static void put_classes(struct hp_out *out, const struct hp_stats_all *all)
{
	static const char *const heads[] = {
		"in use", "free", "fresh", "waiting", "slabs", "empty"
	};

	hp_out_put(out, "   block");
	for (unsigned i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		hp_out_put_right(out, COUNT, "%s", heads[i]);
	hp_out_put_right(out, SIZE, "held");
	hp_out_put(out, "  used\n");
	for (size_t i = 0; i < all->class_count; i++)
		put_class(out, &all->classes[i]);
}

static void put_arena(struct hp_out *out, const struct hp_stats_arena *arena)
{
	static const char *const states[] = { "a thread", "orphan", "late", "explicit" };
	const uint64_t counts[] = { arena->live_blocks, arena->outbox_blocks, arena->slabs,
				    arena->empty_slabs };
	char text[SIZE_TEXT];

	hp_out_put_right(out, 8, "%s", states[arena->state]);
	for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		hp_out_put_right(out, COUNT, "%llu", (unsigned long long)counts[i]);
	hp_out_put_right(out, SIZE, "%s", size_text(text, arena->live_bytes));
	hp_out_put_right(out, SIZE, "%s", size_text(text, arena->free_bytes));
	hp_out_put_right(out, SIZE, "%s", size_text(text, arena->slab_bytes + arena->large_bytes));
	hp_out_put(out, *arena->name ? "  " : "");
	hp_out_put_name(out, arena->name, "");
	hp_out_put(out, "\n");
}

static void put_arenas(struct hp_out *out, const struct hp_stats_all *all)
{
	const struct hp_stats *stats = &all->stats;

	hp_out_put(out, "arenas: %llu, %llu of them of ended threads\n",
		   (unsigned long long)stats->arenas, (unsigned long long)stats->orphans);
	hp_out_put(out, "   whose    blocks    outbox     slabs     empty      in use       free"
			"       held\n");
	for (size_t i = 0; i < all->arena_count && i < ARENAS_SHOWN; i++)
		put_arena(out, &all->arenas[i]);
	if (all->arena_count > ARENAS_SHOWN)
		hp_out_put(out, "  ... and %zu more\n", all->arena_count - ARENAS_SHOWN);
}

void hp_stats_put_text(struct hp_out *out, const struct hp_stats_all *all)
{
	hp_out_put(out, "hpalloc %s: heap of process %u\n", hp_version(), (unsigned)hp_os_pid());
	put_held(out, all);
	put_use(out, &all->stats);
	put_reasons(out, &all->stats);
	put_hugepages(out, &all->stats);
	put_events(out, &all->stats);
	put_classes(out, all);
	put_arenas(out, all);
}

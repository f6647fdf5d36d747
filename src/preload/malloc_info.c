/*
 * What glibc's malloc tells about itself and lets be tuned: mallinfo(3), malloc_stats(3),
 * malloc_info(3), mallopt(3). The numbers are this heap's; what it has no counterpart for is 0.
 *
 * What glibc takes by mmap, block by block, are the large blocks here: as there, they are apart
 * from the rest, so that a program that adds up both gets the whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>

#include <hpalloc/hpalloc.h>

enum { CLASSES_MAX = 128, ARENAS_MAX = 64 };

static struct hp_stats get_stats(void)
{
	struct hp_stats stats = { 0 };

	if (hp_stats_get(&stats, sizeof(stats)))
		return (struct hp_stats){ 0 };
	/* The counts are not of one moment. */
	if (stats.large_bytes > stats.heap_bytes)
		stats.large_bytes = stats.heap_bytes;
	if (stats.in_use_bytes > stats.heap_bytes)
		stats.in_use_bytes = stats.heap_bytes;
	if (stats.in_use_bytes < stats.large_bytes)
		stats.in_use_bytes = stats.large_bytes;
	return stats;
}

static size_t get_classes(struct hp_stats_class classes[static CLASSES_MAX])
{
	size_t count = CLASSES_MAX;

	if (hp_stats_get_classes(classes, sizeof(*classes), &count))
		return 0;
	return count < CLASSES_MAX ? count : CLASSES_MAX;
}

static uint64_t free_blocks(const struct hp_stats_class *classes, size_t count)
{
	uint64_t blocks = 0;

	for (size_t i = 0; i < count; i++)
		blocks += classes[i].free_blocks;
	return blocks;
}

HP_PUBLIC struct mallinfo2 mallinfo2(void)
{
	struct hp_stats stats = get_stats();
	struct hp_stats_class classes[CLASSES_MAX];

	return (struct mallinfo2){
		.arena = stats.heap_bytes - stats.large_bytes,
		.ordblks = free_blocks(classes, get_classes(classes)),
		.hblks = stats.large_blocks,
		.hblkhd = stats.large_bytes,
		.uordblks = stats.in_use_bytes - stats.large_bytes,
		.fordblks = stats.heap_bytes - stats.in_use_bytes,
		.keepcost = stats.idle_bytes + stats.empty_bytes,
	};
}

static int saturate(size_t bytes)
{
	return bytes < INT_MAX ? (int)bytes : INT_MAX;
}

/* Its fields are too small for a heap of today: what does not fit is INT_MAX, it does not wrap. */
HP_PUBLIC struct mallinfo mallinfo(void)
{
	struct mallinfo2 info = mallinfo2();

	return (struct mallinfo){
		.arena = saturate(info.arena),
		.ordblks = saturate(info.ordblks),
		.hblks = saturate(info.hblks),
		.hblkhd = saturate(info.hblkhd),
		.uordblks = saturate(info.uordblks),
		.fordblks = saturate(info.fordblks),
		.keepcost = saturate(info.keepcost),
	};
}

/* The lines of glibc, but for those of the most that was ever mapped. */
HP_PUBLIC void malloc_stats(void)
{
	struct hp_stats stats = get_stats();
	struct hp_stats_arena arenas[ARENAS_MAX];
	size_t count = ARENAS_MAX;

	if (hp_stats_get_arenas(arenas, sizeof(*arenas), &count))
		count = 0;
	for (size_t i = 0; i < count && i < ARENAS_MAX; i++)
		fprintf(stderr,
			"Arena %zu:\nsystem bytes     = %10" PRIu64
			"\nin use bytes     = %10" PRIu64 "\n",
			i, arenas[i].slab_bytes, arenas[i].live_bytes);
	fprintf(stderr,
		"Total (incl. mmap):\nsystem bytes     = %10" PRIu64
		"\nin use bytes     = %10" PRIu64 "\nmax system bytes = %10" PRIu64
		"\nmmap regions     = %10" PRIu64 "\nmmap bytes       = %10" PRIu64 "\n",
		stats.heap_bytes, stats.in_use_bytes, stats.peak_bytes, stats.large_blocks,
		stats.large_bytes);
}

/* The free blocks by size; `from` is one more than the next smaller size of all there are. */
static void print_sizes(FILE *file, const struct hp_stats_class *classes, size_t count)
{
	uint64_t from = 1;

	fprintf(file, "<sizes>\n");
	for (size_t i = 0; i < count; i++) {
		const struct hp_stats_class *class = &classes[i];

		if (class->free_blocks)
			fprintf(file,
				"  <size from=\"%" PRIu64 "\" to=\"%" PRIu64 "\" total=\"%" PRIu64
				"\" count=\"%" PRIu64 "\"/>\n",
				from, class->block_bytes, class->free_blocks * class->block_bytes,
				class->free_blocks);
		from = class->block_bytes + 1;
	}
	fprintf(file, "</sizes>\n");
}

static void print_total(FILE *file, const char *type, uint64_t count, uint64_t bytes)
{
	fprintf(file, "<total type=\"%s\" count=\"%" PRIu64 "\" size=\"%" PRIu64 "\"/>\n", type,
		count, bytes);
}

static void print_system(FILE *file, const struct hp_stats *stats)
{
	fprintf(file,
		"<system type=\"current\" size=\"%" PRIu64 "\"/>\n"
		"<system type=\"max\" size=\"%" PRIu64 "\"/>\n"
		"<aspace type=\"total\" size=\"%" PRIu64 "\"/>\n"
		"<aspace type=\"mprotect\" size=\"%" PRIu64 "\"/>\n",
		stats->heap_bytes, stats->peak_bytes, stats->reserved_bytes, stats->heap_bytes);
}

/* One heap: what arenas have of it is not address space of their own. */
HP_PUBLIC int malloc_info(int options, FILE *file)
{
	struct hp_stats stats = get_stats();
	struct hp_stats_class classes[CLASSES_MAX];
	size_t count = get_classes(classes);
	uint64_t rest = stats.heap_bytes - stats.in_use_bytes;

	if (options) {
		errno = EINVAL;
		return -1;
	}
	fprintf(file, "<malloc version=\"1\">\n<heap nr=\"0\">\n");
	print_sizes(file, classes, count);
	print_total(file, "fast", 0, 0);
	print_total(file, "rest", free_blocks(classes, count), rest);
	print_system(file, &stats);
	fprintf(file, "</heap>\n");
	print_total(file, "fast", 0, 0);
	print_total(file, "rest", free_blocks(classes, count), rest);
	print_total(file, "mmap", stats.large_blocks, stats.large_bytes);
	print_system(file, &stats);
	fprintf(file, "</malloc>\n");
	return ferror(file) ? -1 : 0;
}

/* The parameters of glibc's malloc are accepted and have nothing to tune here. */
HP_PUBLIC int mallopt(int parameter, int value)
{
	(void)value;
	switch (parameter) {
	case M_MXFAST:
	case M_TRIM_THRESHOLD:
	case M_TOP_PAD:
	case M_MMAP_THRESHOLD:
	case M_MMAP_MAX:
	case M_CHECK_ACTION:
	case M_PERTURB:
	case M_ARENA_TEST:
	case M_ARENA_MAX:
		return 1;
	default:
		return 0;
	}
}

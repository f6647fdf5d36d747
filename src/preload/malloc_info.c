/*
 * What glibc's malloc tells about itself and lets be tuned: mallinfo(3), malloc_stats(3),
 * malloc_info(3), mallopt(3). The numbers are this heap's; what it has no counterpart for is 0.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>

#include <hpalloc/hpalloc.h>

static struct hp_stats get_stats(void)
{
	struct hp_stats stats = { 0 };

	if (hp_stats_get(&stats, sizeof(stats)))
		return (struct hp_stats){ 0 };
	/* The counts are not of one moment. */
	if (stats.in_use_bytes > stats.heap_bytes)
		stats.in_use_bytes = stats.heap_bytes;
	return stats;
}

HP_PUBLIC struct mallinfo2 mallinfo2(void)
{
	struct hp_stats stats = get_stats();

	return (struct mallinfo2){
		.arena = stats.heap_bytes,
		.uordblks = stats.in_use_bytes,
		.fordblks = stats.heap_bytes - stats.in_use_bytes,
		.keepcost = stats.idle_bytes,
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
		.uordblks = saturate(info.uordblks),
		.fordblks = saturate(info.fordblks),
		.keepcost = saturate(info.keepcost),
	};
}

HP_PUBLIC void malloc_stats(void)
{
	struct hp_stats stats = get_stats();

	fprintf(stderr,
		"system bytes     = %10" PRIu64 "\nin use bytes     = %10" PRIu64
		"\nmax system bytes = %10" PRIu64 "\n",
		stats.heap_bytes, stats.in_use_bytes, stats.peak_bytes);
}

HP_PUBLIC int malloc_info(int options, FILE *file)
{
	struct hp_stats stats = get_stats();

	if (options) {
		errno = EINVAL;
		return -1;
	}
	fprintf(file,
		"<malloc version=\"1\">\n"
		"<total type=\"rest\" size=\"%" PRIu64 "\"/>\n"
		"<system type=\"current\" size=\"%" PRIu64 "\"/>\n"
		"<system type=\"max\" size=\"%" PRIu64 "\"/>\n"
		"<aspace type=\"total\" size=\"%" PRIu64 "\"/>\n"
		"</malloc>\n",
		stats.heap_bytes - stats.in_use_bytes, stats.heap_bytes, stats.peak_bytes,
		stats.reserved_bytes);
	return 0;
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

/* See tlb.h. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>

#include "machine/files.h"
#include "machine/perf.h"
#include "machine/proc.h"
#include "machine/tlb.h"

/* The second level of Intel's since Skylake, of AMD's Zen, of Arm's Neoverse. */
#define ENTRIES_ASSUMED 1536
#define ENTRIES_MAX 1000000

/* "TLB size\t: 3584 4K pages", which only AMD's have. */
unsigned hp_tlb_entries(const char *text)
{
	uint64_t entries;

	if (!hp_proc_field(text, "TLB size\t", &entries) || entries > ENTRIES_MAX)
		return 0;
	return (unsigned)entries;
}

void hp_tlb_read(struct hp_tlb *out_tlb)
{
	struct hp_tlb tlb = { 0 };
	char *text = hp_file_read("/proc/cpuinfo");

	if (text)
		tlb.entries = hp_tlb_entries(text);
	free(text);
	tlb.is_assumed = !tlb.entries;
	if (tlb.is_assumed)
		tlb.entries = ENTRIES_ASSUMED;
	*out_tlb = tlb;
}

int hp_tlb_measure(struct hp_tlb *tlb, int pid, unsigned milliseconds)
{
	const struct hp_perf_event events[] = {
		{ PERF_TYPE_HW_CACHE, PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_OP_READ << 8 |
					      PERF_COUNT_HW_CACHE_RESULT_MISS << 16 },
		{ PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
	};
	uint64_t counts[2];
	int error = hp_perf_count(pid, milliseconds, events, 2, counts);

	if (!error && !counts[1])
		error = -EAGAIN; /* it slept */
	if (error)
		return error;
	tlb->has_misses = true;
	tlb->misses_per_1000 = (double)counts[0] * 1000 / (double)counts[1];
	return 0;
}

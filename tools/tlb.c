/* See tlb.h. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "proc.h"
#include "tlb.h"

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

/* ---- counting ---- */

static int open_counter(uint32_t type, uint64_t config, int pid)
{
	struct perf_event_attr attributes = {
		.type = type,
		.size = sizeof(attributes),
		.config = config,
		.disabled = 1,
		.inherit = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	long fd = syscall(SYS_perf_event_open, &attributes, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static void sleep_for(unsigned milliseconds)
{
	struct timespec left = { milliseconds / 1000, (milliseconds % 1000) * 1000000L };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static int count(int misses, int instructions, unsigned milliseconds, struct hp_tlb *tlb)
{
	uint64_t missed, done;

	if (ioctl(misses, PERF_EVENT_IOC_ENABLE, 0) ||
	    ioctl(instructions, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	sleep_for(milliseconds);
	if (read(misses, &missed, sizeof(missed)) != sizeof(missed) ||
	    read(instructions, &done, sizeof(done)) != sizeof(done))
		return -EIO;
	if (!done)
		return -EAGAIN; /* it slept */
	tlb->has_misses = true;
	tlb->misses_per_1000 = (double)missed * 1000 / (double)done;
	return 0;
}

int hp_tlb_measure(struct hp_tlb *tlb, int pid, unsigned milliseconds)
{
	const uint64_t load_misses = PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_OP_READ << 8 |
				     PERF_COUNT_HW_CACHE_RESULT_MISS << 16;
	int misses = open_counter(PERF_TYPE_HW_CACHE, load_misses, pid), instructions, error;

	if (misses < 0)
		return misses;
	instructions = open_counter(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, pid);
	error = instructions < 0 ? instructions : count(misses, instructions, milliseconds, tlb);
	if (instructions >= 0)
		close(instructions);
	close(misses);
	return error;
}

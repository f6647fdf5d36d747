/*
 * What /proc/PID/smaps says of a range of addresses, fed piece by piece. Pure. Of a line that is
 * too long, which can be only a path, the start alone counts.
 */
#ifndef HP_OS_SMAPS_H
#define HP_OS_SMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HP_SMAPS_LINE_BYTES 128

struct hp_smaps {
	/* The range, set by the caller; all else starts as zero. */
	uintptr_t first, end;
	/* The sums over the mappings that begin in it. */
	uint64_t resident_bytes, huge_bytes;
	/* Whether the mapping at hand does; the line at hand, cut where it is full. */
	bool is_inside;
	size_t length;
	char line[HP_SMAPS_LINE_BYTES];
};

void hp_smaps_add(struct hp_smaps *smaps, const char *text, size_t bytes);

#endif

/* What /proc/PID/smaps says of a range of addresses. Pure. */
#ifndef HP_OS_SMAPS_H
#define HP_OS_SMAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "os/os.h"

struct hp_smaps {
	/* The range, set by the caller; all else starts as zero. */
	uintptr_t first, end;
	/* The sums over the mappings that begin in it, and whether the one at hand does. */
	struct hp_os_resident sums;
	bool is_inside;
};

/* Takes in the next line; see os/lines.h. */
void hp_smaps_add_line(const char *line, void *smaps);

#endif

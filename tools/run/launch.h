/* Runs a program under the preload library, with a page for its counters. */
#ifndef HP_TOOLS_RUN_LAUNCH_H
#define HP_TOOLS_RUN_LAUNCH_H

#include <stdint.h>

#include <hpalloc/publish.h>

#include "machine/machine.h"

struct hp_launch {
	char *const *arguments; /* of the program, its name first */
	uint64_t reserve_bytes; /* of the pool, that are to be free before the start */
	/* Says what is to be said once the program has ended. */
	void (*report)(const struct hp_launch *launch, const struct hp_published *page,
		       const struct hp_machine *machine);
};

/* Returns the exit status of the program, or says why there is none and returns that. */
int hp_launch(const struct hp_launch *launch);

#endif

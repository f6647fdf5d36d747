/* What `hpalloc explain` says of a heap, in plain words. Pure: all that it knows is given. */
#ifndef HP_TOOLS_EXPLAIN_EXPLANATION_H
#define HP_TOOLS_EXPLAIN_EXPLANATION_H

#include <stdio.h>

#include "live/process.h"
#include "machine/machine.h"
#include "machine/tlb.h"

struct hp_explained {
	const struct hp_published *page; /* NULL: there is none */
	const struct hp_machine *machine;
	const struct hp_process *process; /* NULL: it has ended */
	const struct hp_tlb *tlb;
	uint64_t age_ms; /* of what the page has answered, if it has */
};

void hp_explanation_print(FILE *out, const struct hp_explained *explained);

#endif

/* Who may call what on an explicit arena. */
#ifndef HP_API_DEMAND_H
#define HP_API_DEMAND_H

#include "arena/explicit.h"

/* Ends the program, which says why `function` may not be called. */
HP_COLD HP_NORETURN void hp_demand_report(struct hp_arena *arena, const char *function);

/* The arena, if the calling thread may use it. */
static inline struct hp_explicit *hp_demand_user(struct hp_arena *arena, const char *function)
{
	struct hp_explicit *explicit = hp_explicit_of(arena);

	if (HP_UNLIKELY(!hp_explicit_is_shared(explicit) && !hp_explicit_is_mine(explicit)))
		hp_demand_report(arena, function);
	return explicit;
}

#endif

/*
 * Callers beyond our own functions: operator new calls malloc, and returns to whom a trace wants to
 * name. Such functions are marked HP_EDGE, which puts them in a section of their own.
 */
#ifndef HP_API_EDGE_H
#define HP_API_EDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* Set by the linker. */
extern const char __start_hp_edge[] HP_HIDDEN;
extern const char __stop_hp_edge[] HP_HIDDEN;

static inline bool hp_edge_has(const void *caller)
{
	return (uintptr_t)caller - (uintptr_t)__start_hp_edge <
	       (uintptr_t)__stop_hp_edge - (uintptr_t)__start_hp_edge;
}

/*
 * For a `caller` that hp_edge_has(), the first return address beyond those functions. `frame` is
 * that of a function that returns to `caller`; if it does not, `caller` is the answer.
 */
const void *hp_edge_caller(const void *caller, const void *frame);

#endif

/* A slow path, from the gate to the gate, of a thread with an arena or without. */
#ifndef HP_API_SECTION_H
#define HP_API_SECTION_H

#include "api/publish.h"
#include "arena/gate.h"
#include "arena/registry.h"
#include "arena/thread.h"

/* A thread without an arena works as a guest on the late one, or without any. */
static inline struct hp_arena *hp_section_enter(struct hp_arena *arena)
{
	if (HP_LIKELY(hp_arena_is_real(arena)))
		hp_gate_enter(arena);
	else
		hp_gate_enter_guest();
	return arena;
}

/* Within the section of a thread with an arena: now and then, all layers look after their decay. */
static inline void hp_section_tick(struct hp_arena *arena)
{
	if (HP_UNLIKELY(hp_arena_tick(arena))) {
		hp_registry_tick();
		hp_publish_tick();
	}
}

static inline void hp_section_leave(struct hp_arena *arena)
{
	if (HP_LIKELY(hp_arena_is_real(arena))) {
		hp_section_tick(arena);
		hp_gate_leave(arena);
	} else {
		hp_gate_leave_guest();
	}
}

#endif

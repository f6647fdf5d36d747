/* See harden.h. */
#include "api/harden.h"

#include <errno.h>
#include <string.h>

#include "api/guard.h"
#include "api/section.h"
#include "api/watch.h"
#include "arena/outbox.h"
#include "arena/quarantine.h"
#include "arena/registry.h"
#include "base/check.h"
#include "rt/options.h"
#include "span/free_list.h"
#include "span/large.h"
#include "span/live.h"
#include "span/marks.h"
#include "span/seal.h"

/* What slabs were cut before stays: they are only emptied, as those that a fork leaves. */
static void start_anew(struct hp_arena *arena, void *unused)
{
	(void)unused;
	hp_arena_inherit(arena);
}

void hp_harden_init(void)
{
	if (!hp_options.harden)
		return;
	hp_thread_settle(HP_SETTLE);
	if (!hp_watch_is_possible("HPALLOC_HARDEN"))
		return;
	hp_gate_enter_guest();
	hp_harden_begin();
	hp_watch |= HP_WATCH_HARDEN;
	hp_registry_walk(start_anew, NULL);
	if (hp_options.harden > 1)
		hp_guard_init();
	hp_arena_become(hp_mine);
	hp_gate_leave_guest();
}

static void *arm(void *block, size_t bytes)
{
	struct hp_span *span = hp_span_find(block);

	if (!span)
		return block; /* the next malloc's */
	if (span->kind == HP_SPAN_LARGE)
		span->is_hardened = true;
	hp_marks_arm(block, hp_block_bytes(span), bytes);
	return block;
}

/* A block of `bytes` that has room for some more, if it comes to that. */
static void *take(size_t bytes, size_t room, size_t align_bytes, enum hp_content content)
{
	size_t need = hp_max(room + HP_TAIL_BYTES, HP_HARDEN_MIN_BYTES);
	void *block;

	if (bytes > PTRDIFF_MAX - HP_UNIT_BYTES) {
		errno = ENOMEM;
		return NULL;
	}
	if (align_bytes <= HP_UNIT_BYTES)
		need = hp_round_up(need, align_bytes);
	if (align_bytes <= HP_UNIT_BYTES && need <= HP_CLASS_MAX_BYTES) {
		block = hp_block_take_plain(need, 1, HP_CONTENT_ANY);
		if (block && content == HP_CONTENT_ZERO)
			memset(block, 0, bytes);
	} else {
		block = hp_block_take_plain(need, align_bytes, content);
	}
	return block ? arm(block, bytes) : NULL;
}

static void *take_guarded(size_t bytes, size_t align_bytes)
{
	int kept_errno = errno;
	void *block = hp_guard_take(bytes, align_bytes);

	errno = kept_errno;
	return block;
}

/* Where the next block with room for so much comes from. */
static inline struct hp_span *slab_for(const struct hp_arena *arena, size_t room)
{
	size_t need = hp_max(room + HP_TAIL_BYTES, HP_HARDEN_MIN_BYTES);

	if (HP_UNLIKELY(room > HP_CLASS_MAX_BYTES - HP_TAIL_BYTES))
		return &hp_span_none;
	return need <= HP_CLASS_SMALL_BYTES ? arena->small[HP_CLASS_STEP(need)]
					    : arena->current[hp_class_of(need)];
}

/*
 * A block of `have` bytes from the front of its slab's list, as the program gets it. In a section,
 * which ends.
 */
static inline __attribute__((always_inline)) void *take_first(const struct hp_region *region,
							      struct hp_arena *arena,
							      struct hp_span *slab, size_t have,
							      size_t bytes)
{
	void *first = slab->free;

	hp_harden_take_off(region, slab, have);
	hp_gate_leave(arena);
	hp_marks_arm(first, have, bytes);
	return first;
}

/*
 * What there is of the class at hand: no arena, slab or block is started for it. A stand-in has no
 * block, so who has one has an arena.
 */
HP_NOINLINE static void *take_at_hand(size_t bytes, size_t room)
{
	struct hp_arena *arena = hp_mine;
	struct hp_span *slab = slab_for(arena, room);

	if (HP_UNLIKELY(!slab->free))
		return NULL;
	hp_gate_enter(arena);
	return take_first(hp_span_region(slab), arena, slab, hp_slab_block_bytes(slab), bytes);
}

HP_NOINLINE static void *take_other(size_t bytes, size_t align_bytes, enum hp_content content)
{
	void *block = NULL;

	if (hp_guard_region.bytes && hp_guard_is_due())
		block = take_guarded(bytes, align_bytes);
	else if (align_bytes == 1)
		block = take_at_hand(bytes, bytes);
	if (!block)
		return take(bytes, bytes, align_bytes, content);
	return content == HP_CONTENT_ZERO ? memset(block, 0, bytes) : block;
}

/* NULL is not. */
static inline bool is_main(const void *block)
{
	return (uintptr_t)block - hp_pagemap.base < HP_RELAXED_LOAD(hp_pagemap.bytes);
}

/*
 * What is taken most, a short block that is at hand, without a call but the last: no registers need
 * be saved for it.
 */
void *hp_harden_take(size_t bytes, size_t align_bytes, enum hp_content content)
{
	struct hp_arena *arena = hp_mine;
	size_t steps = HP_CLASS_STEP(hp_max(bytes + HP_TAIL_BYTES, HP_HARDEN_MIN_BYTES));
	struct hp_span *slab;

	if (HP_UNLIKELY(bytes > HP_JUNK_SHORT_BYTES - HP_TAIL_BYTES || align_bytes != 1 ||
			content != HP_CONTENT_ANY || hp_guard_region.bytes))
		return take_other(bytes, align_bytes, content);
	slab = arena->small[steps];
	if (HP_UNLIKELY(!is_main(slab->free) || !hp_gate_try_enter(arena)))
		return take_other(bytes, align_bytes, content);
	return take_first(&hp_regions.at[0], arena, slab, steps * 16, bytes);
}

static_assert(HP_JUNK_SHORT_BYTES <= 128, "a step of short blocks is a class");

static bool is_free_large(const struct hp_span *span, const void *block)
{
	return span->kind == HP_SPAN_LARGE && hp_seal_is_claimed(span) &&
	       hp_span_start(span) == block;
}

/* Why a block that should be live is not. */
HP_COLD HP_NORETURN static void report(const struct hp_span *span, const void *block,
				       const char *verb)
{
	if (span->kind == HP_SPAN_SLAB ? hp_slab_has_block(span, block)
				       : is_free_large(span, block)) {
		if (*verb == 'f')
			hp_fatal("double free of %p (%zu-byte block)", block,
				 hp_block_bytes(span) - HP_TAIL_BYTES);
		hp_fatal("%s of %p, which is free", verb, block);
	}
	hp_block_span(block, verb);
	hp_fatal("%s of %p, which is no block: freed already, or never one", verb, block);
}

/* The request of a live block; dies if it is not whole. */
static inline size_t demand_whole(const struct hp_span *span, const void *block, size_t have,
				  const char *verb)
{
	size_t bytes = 0;
	enum hp_marks found = hp_marks_look(block, have, &bytes);

	if (HP_UNLIKELY(found == HP_MARKS_FREED))
		report(span, block, verb);
	HP_CHECK(found == HP_MARKS_LIVE, "%s of %p, which was written to beyond its end", verb,
		 block);
	return bytes;
}

static bool is_live(const struct hp_span *span, const void *block)
{
	if (span->kind == HP_SPAN_SLAB)
		return hp_slab_has_block(span, block) && hp_live_is_set(span, block);
	return span->kind == HP_SPAN_LARGE && !hp_seal_is_claimed(span) &&
	       hp_span_start(span) == block;
}

static size_t demand_live(const struct hp_span *span, const void *block, const char *verb)
{
	if (HP_UNLIKELY(!is_live(span, block)))
		report(span, block, verb);
	return demand_whole(span, block, hp_block_bytes(span), verb);
}

/* A block of the caller's own becomes junk, and is not live any more. In a section. */
static inline __attribute__((always_inline)) void retire(const struct hp_region *region,
							 struct hp_span *slab, void *block)
{
	size_t have = hp_slab_block_bytes(slab);

	if (HP_UNLIKELY(!hp_live_clear_in(region, block)))
		report(slab, block, "free");
	demand_whole(slab, block, have, "free");
	hp_marks_junk(block, have);
}

/*
 * What is of another thread stays live until its owner has it. A thread that gets its arena just
 * now may have adopted the slab's.
 */
static void give_slab_block(struct hp_span *slab, void *block)
{
	struct hp_arena *arena = hp_section_enter(hp_thread_arena_to_free());

	if (slab->owner == arena) {
		retire(hp_span_region(slab), slab, block);
		hp_quarantine_put(arena, slab, block);
	} else {
		demand_live(slab, block, "free");
		hp_marks_junk(block, hp_slab_block_bytes(slab));
		if (HP_LIKELY(hp_arena_is_real(arena)))
			hp_quarantine_put(arena, slab, block);
		else
			hp_outbox_hand_over(slab, block);
	}
	hp_section_leave(arena);
}

static void give_large(struct hp_span *large, void *block)
{
	struct hp_arena *arena;

	demand_live(large, block, "free");
	if (!hp_seal_claim(large))
		report(large, block, "free");
	arena = hp_section_enter(hp_thread_arena_to_free());
	if (hp_arena_is_real(arena))
		hp_quarantine_put_large(arena, large);
	else
		hp_large_give(large);
	hp_section_leave(arena);
}

HP_NOINLINE static void give_other(void *block, struct hp_span *span)
{
	int kept_errno = errno;

	if (!span || !span->is_hardened || span->is_explicit)
		hp_block_give_plain(block);
	else if (span->kind == HP_SPAN_SLAB)
		give_slab_block(span, block);
	else
		give_large(span, block);
	errno = kept_errno;
}

/* Others must leave the quarantine first. In a section, which ends. */
HP_NOINLINE static void put_and_leave(struct hp_arena *arena, struct hp_span *slab, void *block)
{
	hp_quarantine_put(arena, slab, block);
	hp_gate_leave(arena);
}

/*
 * What is our own counts as no slow path: there would be too many looks at the clock. Without a
 * call, too, but the last. What was allocated before hardening began has no marks.
 */
void hp_harden_give_of(void *block, struct hp_span *span)
{
	struct hp_arena *arena = hp_mine;

	if (HP_UNLIKELY(span->owner != arena || !span->is_hardened || !hp_gate_try_enter(arena))) {
		give_other(block, span);
		return;
	}
	retire(&hp_regions.at[0], span, block);
	if (HP_LIKELY(hp_quarantine_try_put(arena, span, block)))
		hp_gate_leave(arena);
	else
		put_and_leave(arena, span, block);
}

void hp_harden_give(void *block)
{
	int kept_errno = errno;

	if (hp_guard_owns(block))
		hp_guard_give(block);
	else
		give_other(block, hp_span_find(block));
	errno = kept_errno;
}

size_t hp_harden_usable(const void *block, const char *verb)
{
	if (hp_guard_owns(block))
		return hp_guard_usable(block, verb);
	return demand_live(hp_span_find(block), block, verb);
}

/* In place as far as the block is at least half used then. */
static bool fits(const struct hp_span *span, size_t bytes)
{
	size_t have = hp_block_bytes(span) - HP_TAIL_BYTES;

	return bytes <= have && bytes >= have / 2 &&
	       (span->kind == HP_SPAN_SLAB || have - bytes < HP_UNIT_BYTES);
}

static void *copy(void *block, size_t kept, size_t bytes, size_t room)
{
	void *moved = take_at_hand(bytes, room);

	if (!moved)
		moved = take(bytes, room, 1, HP_CONTENT_ANY);
	if (!moved)
		return NULL;
	memcpy(moved, block, kept);
	hp_free(block);
	return moved;
}

static void *resize_guarded(void *block, size_t bytes)
{
	size_t before = hp_guard_usable(block, "realloc");

	return bytes == before ? block : copy(block, hp_min(before, bytes), bytes, bytes);
}

void *hp_harden_realloc(void *block, size_t bytes)
{
	struct hp_span *span = hp_span_find(block);
	size_t before, room = bytes;
	void *result = NULL;

	if (!span)
		return resize_guarded(block, bytes);
	before = demand_live(span, block, "realloc");
	if (fits(span, bytes))
		return arm(block, bytes);
	if (span->kind == HP_SPAN_LARGE && bytes + HP_TAIL_BYTES > HP_CLASS_MAX_BYTES)
		result = hp_block_resize_large(span, bytes + HP_TAIL_BYTES);
	if (result)
		return arm(result, bytes);
	if (bytes > before && bytes <= HP_CLASS_MAX_BYTES / 2) /* what grows, grows again */
		room = hp_max(bytes, before + before / 8 + 1);
	return copy(block, hp_min(before, bytes), bytes, room);
}

/*
 * The blocks of hpalloc/arena.h. A hit of a bound arena is what it is in malloc.c, and one compare
 * more, which tells a thread that may not; a hit of a shared one is that between gate and lock.
 */
#include "api/explicit.h"

#include <errno.h>
#include <string.h>

#include "api/block.h"
#include "api/control.h"
#include "api/demand.h"
#include "api/harden.h"
#include "api/sample.h"
#include "api/section.h"
#include "api/watch.h"
#include "base/check.h"
#include "pool/limit.h"
#include "pool/pool.h"
#include "span/large.h"
#include "span/marks.h"

#define ALIGN_MAX_BYTES ((size_t)1 << 30)

/* As hp_section_leave(), where no slow path is to be counted: there would be too many. */
static void leave_quickly(struct hp_arena *self)
{
	if (HP_LIKELY(hp_arena_is_real(self)))
		hp_gate_leave(self);
	else
		hp_gate_leave_guest();
}

/* What the current slab of a shared arena has at hand. */
static void *pop_shared(struct hp_explicit *explicit, unsigned class)
{
	struct hp_arena *self = hp_mine;
	void *block;

	if (HP_UNLIKELY(!hp_arena_is_real(self)))
		return NULL;
	hp_gate_enter(self);
	hp_lock_acquire(&explicit->lock);
	block = hp_slab_take_block(explicit->arena.current[class]);
	hp_lock_release(&explicit->lock);
	hp_gate_leave(self);
	return block;
}

/* What the current slab has at hand; of a bound arena, as its hit path. */
static inline void *pop(struct hp_explicit *explicit, unsigned class)
{
	if (hp_explicit_is_shared(explicit))
		return pop_shared(explicit, class);
	return hp_slab_pop(explicit->arena.current[class]);
}

static void *take_once(struct hp_explicit *explicit, size_t bytes, size_t align,
		       enum hp_content content)
{
	bool is_small = bytes <= HP_CLASS_MAX_BYTES && align <= HP_UNIT_BYTES;
	bool zero = content == HP_CONTENT_ZERO;
	struct hp_arena *self = hp_section_enter(hp_thread_arena());
	struct hp_span *large;
	void *block = NULL;

	if (is_small) {
		block = hp_explicit_take(explicit, hp_class_of(bytes), zero);
	} else {
		large = hp_explicit_take_large(explicit, bytes, align, zero);
		block = large ? hp_span_start(large) : NULL;
	}
	hp_section_leave(self);
	return block;
}

/* Under hardening a block has a tail, and says what it was asked for. */
static void *arm(void *block, size_t bytes)
{
	struct hp_span *span = hp_span_find(block);

	if (span->kind == HP_SPAN_LARGE)
		span->is_hardened = true;
	hp_marks_arm(block, hp_block_bytes(span), bytes);
	return block;
}

/* A block that has `room` for more than the `bytes` it is asked for with. */
HP_NOINLINE static void *take(struct hp_explicit *explicit, size_t bytes, size_t room, size_t align,
			      enum hp_content content)
{
	int kept_errno = errno;
	size_t need = room;
	void *block = NULL;

	if (bytes > PTRDIFF_MAX - HP_UNIT_BYTES || align > ALIGN_MAX_BYTES) {
		errno = ENOMEM;
		return NULL;
	}
	if (hp_harden_is_on())
		need = hp_max(room + HP_TAIL_BYTES, HP_HARDEN_MIN_BYTES);
	need = hp_max(need, 1);
	if (align <= HP_UNIT_BYTES)
		need = hp_round_up(need, align);
	block = take_once(explicit, need, align, content);
	if (!block && hp_limit_may_allow(need) && hp_control_release(0))
		block = take_once(explicit, need, align, content);
	if (block && hp_harden_is_on())
		arm(block, bytes);
	errno = block ? kept_errno : ENOMEM;
	return block;
}

/* A block that is a sample of a profile: see sample.h. */
static void *take_sampled(struct hp_explicit *explicit, size_t bytes, size_t align,
			  enum hp_content content)
{
	uintptr_t frames[HP_STACKS_FRAMES];
	struct hp_span *large;
	struct hp_arena *self;
	int kept_errno = errno;

	if (align > ALIGN_MAX_BYTES || !hp_sample_stack(frames))
		return NULL;
	self = hp_section_enter(hp_thread_arena());
	large = hp_explicit_take_large(explicit, hp_max(bytes, 1), hp_max(align, 16),
				       content == HP_CONTENT_ZERO);
	hp_section_leave(self);
	errno = kept_errno;
	if (!large)
		return NULL;
	hp_sample_note(large, frames, bytes);
	return hp_span_start(large);
}

/* Counted, where there is a profile, and a sample if it is due and can be one. */
static void *take_counted(struct hp_explicit *explicit, size_t bytes, size_t room, size_t align,
			  enum hp_content content)
{
	void *block = NULL;

	if (!hp_sample_is_on())
		return take(explicit, bytes, room, align, content);
	if (hp_sample_is_due(bytes))
		block = take_sampled(explicit, bytes, align, content);
	else if (room - 1 < HP_CLASS_MAX_BYTES && align == 1 && content == HP_CONTENT_ANY)
		block = pop(explicit, hp_class_of(room));
	return block ? block : take(explicit, bytes, room, align, content);
}

/* Entered by a jump from the function that the program called: it returns to there. */
HP_NOINLINE static void *take_asked(struct hp_explicit *explicit, size_t bytes, size_t align,
				    enum hp_content content)
{
	void *block = take_counted(explicit, bytes, bytes, align, content);

	if (hp_watch_is_tracing())
		hp_watch_taken(block, bytes, align, content, __builtin_return_address(0));
	return block;
}

/* What is no hit of a bound arena. */
HP_NOINLINE static void *take_missed(struct hp_arena *arena, size_t bytes)
{
	struct hp_explicit *explicit = hp_demand_user(arena, "hp_arena_malloc");
	void *block = NULL;

	if (bytes - 1 < HP_CLASS_MAX_BYTES && !hp_watch && !hp_sample_is_on())
		block = pop(explicit, hp_class_of(bytes));
	return HP_LIKELY(block) ? block : take_asked(explicit, bytes, 1, HP_CONTENT_ANY);
}

void *hp_arena_malloc(struct hp_arena *arena, size_t bytes)
{
	void *block;

	if (HP_LIKELY(bytes <= HP_CLASS_SMALL_BYTES &&
		      hp_explicit_user(hp_explicit_of(arena)) == hp_explicit_me())) {
		block = hp_slab_pop(arena->small[HP_CLASS_STEP(bytes)]);
		if (HP_LIKELY(block))
			return block;
	}
	return take_missed(arena, bytes);
}

void *hp_arena_calloc(struct hp_arena *arena, size_t count, size_t bytes)
{
	struct hp_explicit *explicit = hp_demand_user(arena, "hp_arena_calloc");
	void *block;

	if (__builtin_mul_overflow(count, bytes, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	if (bytes <= HP_CLASS_SMALL_BYTES && hp_explicit_user(explicit) == hp_explicit_me()) {
		block = hp_slab_pop(arena->small[HP_CLASS_STEP(bytes)]);
		if (HP_LIKELY(block))
			return __builtin_memset(block, 0, bytes);
	}
	return take_asked(explicit, bytes, 1, HP_CONTENT_ZERO);
}

void *hp_arena_aligned_alloc(struct hp_arena *arena, size_t align, size_t bytes)
{
	struct hp_explicit *explicit = hp_demand_user(arena, "hp_arena_aligned_alloc");

	if (!hp_is_power_of_two(align)) {
		errno = EINVAL;
		return NULL;
	}
	if (align <= HP_UNIT_BYTES && bytes <= PTRDIFF_MAX && !hp_watch)
		return hp_arena_malloc(arena, hp_max(hp_round_up(bytes, align), align));
	return take_asked(explicit, bytes, align, HP_CONTENT_ANY);
}

/* ---- free ---- */

static void demand_start(bool is_start, const void *block)
{
	HP_CHECK(is_start, "free of %p, which points into a block or between blocks", block);
}

static void free_large(struct hp_span *large, void *block)
{
	struct hp_explicit *explicit = hp_explicit_of_span(large);
	int kept_errno = errno;
	struct hp_arena *self;
	bool is_live;

	hp_block_span(block, "free");
	if (large->is_hardened)
		hp_harden_usable(block, "free");
	if (hp_sample_is_on())
		hp_sample_freed(hp_sample_of(large));
	self = hp_section_enter(hp_thread_arena_to_free());
	is_live = hp_explicit_give_large(explicit, large);
	hp_section_leave(self);
	HP_CHECK(is_live, "free of %p, which is no block: freed already, or never one", block);
	errno = kept_errno;
}

/* By another thread than the one its arena is bound to. Under hardening it is live until then. */
static void hand_over(struct hp_span *slab, void *block)
{
	if (slab->is_hardened) {
		hp_harden_usable(block, "free");
		hp_marks_junk(block, hp_slab_block_bytes(slab));
	}
	hp_explicit_hand_over(slab, block);
}

HP_NOINLINE static void free_slab_block(struct hp_span *slab, void *block, uint32_t number)
{
	struct hp_explicit *explicit = hp_explicit_of_span(slab);
	struct hp_arena *self = hp_section_enter(hp_thread_arena_to_free());
	int kept_errno = errno;

	if (hp_explicit_is_shared(explicit) || hp_explicit_is_mine(explicit))
		hp_explicit_give(explicit, slab, block, number);
	else
		hand_over(slab, block);
	leave_quickly(self);
	errno = kept_errno;
}

/* As in hp_free(), where nothing is to be noticed that the slow path would. */
static inline void free_at(struct hp_span *slab, void *block, size_t offset)
{
	uint32_t number = hp_slab_number_at(slab, offset);

	demand_start(hp_slab_has_block_at(slab, offset), block);
	if (HP_UNLIKELY(hp_explicit_user(hp_explicit_of_span(slab)) != hp_explicit_me() ||
			number >= slab->carved || slab->free == block || slab->countdown == 1)) {
		free_slab_block(slab, block, number);
		return;
	}
	hp_slab_count_down(slab);
	hp_slab_push(slab, block);
}

void hp_explicit_free_main(struct hp_span *span, void *block)
{
	if (HP_UNLIKELY(span->kind != HP_SPAN_SLAB))
		free_large(span, block);
	else
		free_at(span, block, (size_t)((char *)block - hp_pagemap_main_unit(span)));
}

void hp_explicit_free(struct hp_span *span, void *block)
{
	if (HP_UNLIKELY(span->kind != HP_SPAN_SLAB))
		free_large(span, block);
	else
		free_at(span, block, (size_t)((char *)block - hp_span_start(span)));
}

/* ---- realloc ---- */

/* A block that shrinks stays as long as more than half of it is used, and no unit of it free. */
static bool fits(const struct hp_span *span, size_t have, size_t bytes)
{
	return bytes <= have && bytes > (have - 1) / 2 &&
	       (span->kind == HP_SPAN_SLAB || have - bytes < HP_UNIT_BYTES);
}

static void *resize_large(struct hp_explicit *explicit, struct hp_span *large, size_t need)
{
	struct hp_arena *self = hp_section_enter(hp_thread_arena());
	struct hp_sample before = hp_sample_of(large);
	struct hp_span *resized = hp_explicit_resize_large(explicit, large, need);

	hp_section_leave(self);
	if (hp_sample_is_on() && resized)
		hp_sample_resized(before, resized, need);
	return resized ? hp_span_start(resized) : NULL;
}

static void *copy(struct hp_explicit *explicit, struct hp_span *span, void *block, size_t kept,
		  size_t bytes)
{
	size_t room = bytes;
	void *moved;

	if (bytes > kept && bytes <= HP_CLASS_MAX_BYTES / 2) /* what grows, grows again */
		room = hp_max(bytes, kept + kept / 8 + 1);
	moved = take_counted(explicit, bytes, room, 1, HP_CONTENT_ANY);
	if (!moved && room > bytes)
		moved = take(explicit, bytes, bytes, 1, HP_CONTENT_ANY);
	if (!moved)
		return NULL;
	if (span->kind == HP_SPAN_LARGE)
		hp_pool_count_copied(hp_min(kept, bytes));
	memcpy(moved, block, hp_min(kept, bytes));
	hp_explicit_free(span, block);
	return moved;
}

void *hp_explicit_realloc(struct hp_span *span, void *block, size_t bytes)
{
	size_t tail = span->is_hardened ? HP_TAIL_BYTES : 0;
	size_t have = hp_block_bytes(span) - tail, kept = have;
	int kept_errno = errno;
	struct hp_explicit *explicit;
	void *result = NULL;

	if (span->is_hardened)
		kept = hp_harden_usable(block, "realloc");
	if (fits(span, have, bytes))
		return span->is_hardened ? arm(block, bytes) : block;
	explicit = hp_demand_user(span->owner, "realloc");
	if (span->kind == HP_SPAN_LARGE && bytes + tail > HP_CLASS_MAX_BYTES)
		result = resize_large(explicit, span, bytes + tail);
	errno = kept_errno;
	if (!result)
		return copy(explicit, span, block, kept, bytes);
	return tail ? arm(result, bytes) : result;
}

void *hp_arena_realloc(struct hp_arena *arena, void *block, size_t bytes)
{
	struct hp_explicit *explicit = hp_demand_user(arena, "hp_arena_realloc");
	struct hp_span *span;

	if (!block)
		return take_asked(explicit, bytes, 1, HP_CONTENT_ANY);
	span = hp_block_span(block, "realloc");
	HP_CHECK(span && span->owner == arena, "realloc of %p, which is no block of arena %p",
		 block, (void *)arena);
	return hp_realloc(block, bytes);
}

/* See block.h. */
#include "api/block.h"

#include <errno.h>

#include "api/control.h"
#include "api/explicit.h"
#include "api/foreign.h"
#include "api/harden.h"
#include "api/init.h"
#include "api/sample.h"
#include "api/section.h"
#include "api/watch.h"
#include "arena/outbox.h"
#include "arena/registry.h"
#include "base/check.h"
#include "os/os.h"
#include "pool/limit.h"
#include "rt/counters.h"
#include "rt/options.h"
#include "span/large.h"
#include "span/slab.h"

static void *pop(struct hp_arena *arena, unsigned class, enum hp_content content)
{
	void *block;

	if (content == HP_CONTENT_ZERO)
		return hp_arena_take_zeroed(arena, class);
	block = hp_slab_take_block(arena->current[class]);
	return block ? block : hp_arena_refill(arena, class);
}

static void *take_from_class(unsigned class, enum hp_content content)
{
	struct hp_arena *arena = hp_section_enter(hp_thread_arena()), *late;
	void *block = NULL;

	if (HP_LIKELY(hp_arena_is_real(arena))) {
		block = pop(arena, class, content);
	} else {
		late = hp_registry_claim_late();
		if (late) {
			block = pop(late, class, content);
			hp_arena_tick(late);
			hp_registry_release_late(late);
		}
	}
	hp_section_leave(arena);
	return block;
}

static void *take_large(size_t bytes, size_t align_bytes, enum hp_content content)
{
	struct hp_arena *arena = hp_section_enter(hp_thread_arena());
	struct hp_span *large =
		hp_large_take(bytes, align_bytes, content == HP_CONTENT_ZERO, HP_GROUND_COMMON);

	hp_section_leave(arena);
	return large ? hp_span_start(large) : NULL;
}

static bool heap_was_used(void)
{
	struct hp_stats stats;

	hp_counters_get(&stats);
	return stats.peak_bytes > 0;
}

/* In a process with too little address space for even one block of ours, the next malloc serves. */
static void *take_foreign(size_t bytes, size_t align_bytes)
{
	const struct hp_foreign *next = hp_foreign();

	if (!next || heap_was_used() || hp_options.strict || hp_limit_is_set() ||
	    bytes > PTRDIFF_MAX)
		return NULL;
	return align_bytes <= 16 ? next->malloc(bytes) : next->aligned_alloc(align_bytes, bytes);
}

static inline void *take_own(size_t bytes, size_t align_bytes, enum hp_content content)
{
	if (bytes <= HP_CLASS_MAX_BYTES && align_bytes == 1)
		return take_from_class(hp_class_of(bytes ? bytes : 1), content);
	if (bytes <= PTRDIFF_MAX)
		return take_large(bytes ? bytes : 1, align_bytes, content);
	return NULL;
}

void *hp_block_take_plain(size_t bytes, size_t align_bytes, enum hp_content content)
{
	int kept_errno = errno;
	void *block;

	block = take_own(bytes, align_bytes, content);
	/* Before a limit refuses, the caller's own idle memory and that of ended threads goes. */
	if (!block && hp_limit_may_allow(bytes) && hp_control_release(0))
		block = take_own(bytes, align_bytes, content);
	if (!block) {
		block = take_foreign(bytes, align_bytes);
		if (block && content == HP_CONTENT_ZERO)
			__builtin_memset(block, 0, bytes);
	}
	errno = block ? kept_errno : ENOMEM;
	return block;
}

HP_NOINLINE static void *start_and_take(size_t bytes, size_t align_bytes, enum hp_content content)
{
	hp_init();
	return hp_block_take_plain(bytes, align_bytes, content);
}

/* Without a frame of its own, which all that is watched would pay for. */
void *hp_block_take(size_t bytes, size_t align_bytes, enum hp_content content)
{
	if (HP_UNLIKELY(hp_watch & HP_WATCH_TRACE))
		return hp_watch_take(bytes, align_bytes, content, __builtin_return_address(0));
	if (hp_harden_is_on())
		return hp_harden_take(bytes, align_bytes, content);
	if (hp_sample_is_on())
		return hp_sample_take(bytes, align_bytes, content);
	return start_and_take(bytes, align_bytes, content);
}

static inline void demand_start(bool is_start, const void *block, const char *verb)
{
	HP_CHECK(is_start, "%s of %p, which points into a block or between blocks", verb, block);
}

struct hp_span *hp_block_span(const void *block, const char *verb)
{
	struct hp_span *span = hp_span_find(block);

	if (span && span->kind == HP_SPAN_SLAB)
		demand_start(hp_slab_has_block(span, block), block, verb);
	else if (span)
		HP_CHECK(span->kind == HP_SPAN_LARGE && hp_span_start(span) == block,
			 "%s of %p, which is no block: freed already, or never one", verb, block);
	return span;
}

size_t hp_block_bytes(const struct hp_span *span)
{
	if (span->kind == HP_SPAN_SLAB)
		return hp_slab_block_bytes(span);
	/* A sample of a profile is as large as it would be without. */
	return span->carved ? hp_class_bytes(hp_class_of(span->carved)) : hp_large_bytes(span);
}

static void free_own(struct hp_arena *arena, struct hp_span *slab, void *block)
{
	HP_CHECK(slab->free != block, "double free of %p (%zu-byte block)", block,
		 hp_slab_block_bytes(slab));
	hp_arena_free(arena, slab, block);
}

void hp_block_give_own(void *block, struct hp_span *slab)
{
	struct hp_arena *arena = hp_section_enter(hp_mine);
	int kept_errno = errno;

	demand_start(hp_slab_has_block(slab, block), block, "free");
	free_own(arena, slab, block);
	hp_section_leave(arena);
	errno = kept_errno;
}

static void flush(struct hp_arena *arena)
{
	int kept_errno = errno;

	hp_outbox_flush(arena);
	hp_section_tick(arena);
	errno = kept_errno;
}

static inline void give_other(void *block, struct hp_span *span)
{
	struct hp_arena *arena = hp_mine;

	if (HP_UNLIKELY(span->is_explicit)) {
		hp_explicit_free_main(span, block);
		return;
	}
	if (HP_UNLIKELY(!hp_arena_is_real(arena) || span->kind != HP_SPAN_SLAB ||
			span->owner == arena)) {
		hp_block_give_plain(block);
		return;
	}
	demand_start(hp_slab_has_main_block(span, block), block, "free");
	hp_gate_enter(arena);
	if (HP_UNLIKELY(hp_outbox_add(arena, span, block)))
		flush(arena);
	hp_gate_leave(arena);
}

/* `span` is of the main region. */
void hp_block_give_other(void *block, struct hp_span *span)
{
	if (HP_LIKELY(!hp_watch))
		give_other(block, span);
	else if (hp_watch & HP_WATCH_TRACE)
		hp_watch_give(block, __builtin_return_address(0));
	else
		hp_harden_give_of(block, span);
}

void hp_block_give_other_plain(void *block, struct hp_span *span)
{
	give_other(block, span);
}

static void free_slab_block(struct hp_span *slab, void *block)
{
	struct hp_arena *arena = hp_section_enter(hp_thread_arena_to_free());

	if (HP_UNLIKELY(!hp_arena_is_real(arena)))
		hp_outbox_hand_over(slab, block);
	else if (slab->owner == arena)
		free_own(arena, slab, block);
	else if (hp_outbox_add(arena, slab, block))
		hp_outbox_flush(arena);
	hp_section_leave(arena);
}

static void free_large(struct hp_span *large)
{
	struct hp_arena *arena = hp_section_enter(hp_thread_arena_to_free());

	if (hp_sample_is_on())
		hp_sample_freed(hp_sample_of(large));
	hp_large_give(large);
	hp_section_leave(arena);
}

/*
 * No other allocator's either: no address of a block, nothing that can be read, in the program
 * itself, or in the stack of this thread, above us. Only then does it have a mapping with us in
 * common. Another allocator would say so in its own words at best, or fault.
 */
static bool is_nobodys(const void *block)
{
	enum { ALIGN_LEAST = 8 }; /* of other allocators: ours is 16 */
	const char *here = __builtin_frame_address(0);

	return (uintptr_t)block % ALIGN_LEAST || !hp_os_is_readable(block) ||
	       hp_os_is_program(block) ||
	       ((const char *)block > here && hp_os_is_one_mapping(here, block));
}

const struct hp_foreign *hp_block_foreign(const void *block, const char *verb)
{
	const struct hp_foreign *next = hp_foreign();
	int kept_errno = errno;

	HP_CHECK(next && !is_nobodys(block), "%s of %p, which is no block of this heap", verb,
		 block);
	errno = kept_errno;
	return next;
}

static void free_foreign(void *block)
{
	const struct hp_foreign *next = hp_block_foreign(block, "free");

	next->free(block);
}

void hp_block_give_plain(void *block)
{
	int kept_errno = errno;
	struct hp_span *span;

	span = hp_block_span(block, "free");
	if (!span)
		free_foreign(block);
	else if (span->is_explicit)
		hp_explicit_free(span, block);
	else if (span->kind == HP_SPAN_LARGE)
		free_large(span);
	else
		free_slab_block(span, block);
	errno = kept_errno;
}

void hp_block_give(void *block)
{
	if (!block)
		return;
	if (HP_LIKELY(!hp_watch))
		hp_block_give_plain(block);
	else if (hp_watch & HP_WATCH_TRACE)
		hp_watch_give(block, __builtin_return_address(0));
	else
		hp_harden_give(block);
}

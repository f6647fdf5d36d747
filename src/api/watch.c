/* See watch.h. */
#include "api/watch.h"

#include <errno.h>

#include "api/edge.h"
#include "api/harden.h"
#include "api/sample.h"
#include "arena/gate.h"
#include "arena/registry.h"
#include "arena/thread.h"
#include "base/check.h"
#include "rt/options.h"
#include "rt/trace.h"
#include "span/slab.h"

bool hp_watch_is_possible(const char *variable)
{
	bool has_others = hp_registry_has_others();

	if (has_others)
		hp_warn("%s is ignored: the program has started threads before its libraries",
			variable);
	return !has_others;
}

void hp_watch_init(void)
{
	int error;

	if (!hp_options.trace || !hp_watch_is_possible("HPALLOC_TRACE"))
		return;
	error = hp_trace_begin(hp_options.trace, hp_harden_is_on());
	if (error) {
		hp_warn("HPALLOC_TRACE is ignored: %s %s (error %u)", hp_options.trace,
			error == -ELOOP ? "has a symbolic link in its path" : "cannot be created",
			(unsigned)-error);
		return;
	}
	hp_watch |= HP_WATCH_TRACE;
	hp_arena_become(hp_mine);
}

void hp_watch_end(void)
{
	if (hp_watch & HP_WATCH_TRACE)
		hp_trace_end();
}

/* ---- blocks, as the hit paths would have them ---- */

static inline void *take_at_hand(size_t bytes)
{
	if (HP_UNLIKELY(bytes > HP_CLASS_MAX_BYTES || !hp_arena_is_real(hp_mine) ||
			hp_harden_is_on() || hp_sample_is_on()))
		return NULL;
	return hp_arena_pop(hp_mine, hp_class_of(bytes ? bytes : 1));
}

/* As hp_block_take(), but for what watches. */
static void *take_sampled(size_t bytes, size_t align_bytes, enum hp_content content)
{
	return hp_sample_is_on() ? hp_sample_take(bytes, align_bytes, content)
				 : hp_block_take_plain(bytes, align_bytes, content);
}

/* As in aligned.c. */
static void *take_aligned(size_t bytes, size_t align_bytes)
{
	void *block;

	if (align_bytes > HP_UNIT_BYTES || bytes > PTRDIFF_MAX)
		return take_sampled(bytes, align_bytes, HP_CONTENT_ANY);
	block = take_sampled(hp_max(hp_round_up(bytes, align_bytes), align_bytes), 1,
			     HP_CONTENT_ANY);
	if (HP_LIKELY((uintptr_t)block % align_bytes == 0))
		return block;
	hp_block_give_plain(block); /* of the next malloc: see hp_block_take() */
	return hp_block_take_plain(bytes, align_bytes, HP_CONTENT_ANY);
}

HP_NOINLINE static void *take(size_t bytes, size_t align_bytes, enum hp_content content)
{
	if (hp_harden_is_on())
		return hp_harden_take(bytes, align_bytes, content);
	return align_bytes == 1 ? take_sampled(bytes, 1, content)
				: take_aligned(bytes, align_bytes);
}

static inline void give(void *block)
{
	struct hp_span *cell, *span;

	if (hp_harden_is_on()) {
		hp_harden_give(block);
		return;
	}
	if (HP_UNLIKELY(!hp_span_main_cell(block, &cell))) {
		hp_block_give_plain(block);
		return;
	}
	span = hp_span_head(cell);
	if (HP_UNLIKELY(span->owner != hp_mine || span->free == block)) {
		hp_block_give_other_plain(block, span);
	} else if (HP_UNLIKELY(hp_slab_count_down(span))) {
		span->countdown++;
		hp_block_give_own(block, span);
	} else {
		hp_slab_push(span, block);
	}
}

/* ---- events ---- */

/* The frame is that of a function that was entered by a jump from malloc or the like. */
#define CALLER(caller)                                                                             \
	(HP_UNLIKELY(hp_edge_has(caller)) ? hp_edge_caller(caller, __builtin_frame_address(0))     \
					  : (caller))

static enum hp_trace_op op_of(size_t align_bytes, enum hp_content content)
{
	if (align_bytes > 1)
		return HP_TRACE_ALIGNED;
	return content == HP_CONTENT_ZERO ? HP_TRACE_CALLOC : HP_TRACE_MALLOC;
}

HP_NOINLINE static void *take_slowly(size_t bytes, size_t align_bytes, enum hp_content content,
				     const void *caller)
{
	void *block = take(bytes, align_bytes, content);

	hp_trace_add(op_of(align_bytes, content), block, bytes, NULL, hp_log2(align_bytes), caller);
	return block;
}

void *hp_watch_take(size_t bytes, size_t align_bytes, enum hp_content content, const void *caller)
{
	void *block = NULL;

	caller = CALLER(caller);
	if (HP_LIKELY(align_bytes == 1 && content == HP_CONTENT_ANY))
		block = take_at_hand(bytes);
	if (HP_UNLIKELY(!block))
		return take_slowly(bytes, align_bytes, content, caller);
	hp_trace_add(HP_TRACE_MALLOC, block, bytes, NULL, 0, caller);
	return block;
}

void hp_watch_taken(void *block, size_t bytes, size_t align_bytes, enum hp_content content,
		    const void *caller)
{
	hp_trace_add(op_of(align_bytes, content), block, bytes, NULL, hp_log2(align_bytes), caller);
}

/* The event first: its time is to be before that of the block's next malloc, in any thread. */
void hp_watch_give(void *block, const void *caller)
{
	hp_trace_add(HP_TRACE_FREE, block, 0, NULL, 0, CALLER(caller));
	give(block);
}

static void note_end(void *block, void *caller)
{
	hp_trace_add(HP_TRACE_FREE, block, 0, NULL, 0, caller);
}

/* As if the program had freed each of them. */
void hp_watch_empty(struct hp_explicit *explicit, const void *caller)
{
	hp_explicit_walk(explicit, note_end, (void *)(uintptr_t)caller);
}

void *hp_watch_realloc(void *block, size_t bytes, const void *caller)
{
	void *moved;

	if (!hp_watch_is_tracing())
		return hp_block_resize(block, bytes);
	if (!block)
		return hp_watch_take(bytes, 1, HP_CONTENT_ANY, caller);
	if (!bytes) {
		hp_watch_give(block, caller);
		return NULL;
	}
	hp_trace_pause();
	moved = hp_block_resize(block, bytes);
	hp_trace_resume();
	hp_trace_add(HP_TRACE_REALLOC, moved, bytes, block, 0, caller);
	return moved;
}

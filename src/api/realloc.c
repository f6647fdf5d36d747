/* realloc: in place where the block is large enough or can grow, else by moving, else by copy. */
#include <errno.h>
#include <string.h>

#include "api/block.h"
#include "api/entry_probe.h"
#include "api/explicit.h"
#include "api/foreign.h"
#include "api/harden.h"
#include "api/sample.h"
#include "api/section.h"
#include "api/standard_name.h"
#include "api/watch.h"
#include "base/bits.h"
#include "base/check.h"
#include "pool/pool.h"
#include "span/large.h"
#include "span/slab.h"

/* A block that shrinks stays as long as more than half of it is used, and no unit of it free. */
static bool fits(const struct hp_span *span, size_t bytes)
{
	size_t have = hp_block_bytes(span);

	return bytes <= have && bytes > (have - 1) / 2 &&
	       (span->kind == HP_SPAN_SLAB || have - bytes < HP_UNIT_BYTES);
}

void *hp_block_resize_large(struct hp_span *large, size_t bytes)
{
	struct hp_arena *arena = hp_thread_arena();
	struct hp_sample before = hp_sample_of(large);
	struct hp_span *result = large;

	hp_section_enter(arena);
	if (!hp_large_resize(large, bytes))
		result = bytes > hp_large_bytes(large) ? hp_large_move(large, bytes) : NULL;
	hp_section_leave(arena);
	if (hp_sample_is_on() && result)
		hp_sample_resized(before, result, bytes);
	return result ? hp_span_start(result) : NULL;
}

static void *copy_small(void *block, size_t kept, void *moved)
{
	if (HP_UNLIKELY(!moved))
		return NULL;
	memcpy(moved, block, kept);
	hp_free(block);
	return moved;
}

static void *copy(struct hp_span *span, void *block, size_t bytes)
{
	size_t kept = hp_min(hp_block_bytes(span), bytes);
	void *moved = hp_malloc(bytes);

	if (moved && span->kind == HP_SPAN_LARGE)
		hp_pool_count_copied(kept);
	return copy_small(block, kept, moved);
}

static void *realloc_foreign(void *block, size_t bytes)
{
	return hp_block_foreign(block, "realloc")->realloc(block, bytes);
}

/* Any pointer and any size. */
HP_NOINLINE static void *resize(void *block, size_t bytes)
{
	struct hp_span *span;
	void *result = NULL;
	int kept_errno = errno;

	if (!block)
		return hp_malloc(bytes);
	span = hp_block_span(block, "realloc");
	if (!span && !hp_guard_owns(block))
		return realloc_foreign(block, bytes);
	if (!bytes) {
		hp_free(block);
		return NULL;
	}
	if (bytes > PTRDIFF_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	if (span && span->is_explicit)
		return hp_explicit_realloc(span, block, bytes);
	if (hp_harden_has(span, block))
		return hp_harden_realloc(block, bytes);
	if (fits(span, bytes))
		return block;
	if (span->kind == HP_SPAN_LARGE && bytes > HP_CLASS_MAX_BYTES)
		result = hp_block_resize_large(span, bytes);
	errno = kept_errno;
	return result ? result : copy(span, block, bytes);
}

/* A small block that stays where it is, or is copied, needs no more than this. */
static inline void *change(void *block, size_t bytes)
{
	struct hp_span *cell, *slab;
	size_t have;

	if (HP_UNLIKELY(!hp_span_main_cell(block, &cell)))
		return resize(block, bytes);
	slab = hp_span_head(cell);
	if (HP_UNLIKELY(slab->kind != HP_SPAN_SLAB || !hp_slab_has_main_block(slab, block)))
		return resize(block, bytes);
	HP_CHECK(slab->owner != hp_mine || slab->free != block, "realloc of %p, which is free",
		 block);
	have = hp_slab_block_bytes(slab);
	if (bytes <= have && bytes > (have - 1) / 2)
		return block;
	if (HP_UNLIKELY(bytes - 1 >= HP_CLASS_MAX_BYTES || slab->is_explicit))
		return resize(block, bytes);
	if (bytes > have) /* what grows, grows again: room for twice the least step */
		bytes = hp_max(bytes, hp_min(have + have / 8 + 1, HP_CLASS_MAX_BYTES));
	return copy_small(block, hp_min(bytes, have), hp_malloc(bytes));
}

void *hp_block_resize(void *block, size_t bytes)
{
	const struct hp_span *span = hp_span_find(block);

	return span && !span->is_hardened ? change(block, bytes) : resize(block, bytes);
}

void *hp_realloc(void *block, size_t bytes)
{
	HP_PROBE2(realloc, block, bytes);
	if (HP_UNLIKELY(hp_watch))
		return hp_watch_realloc(block, bytes, __builtin_return_address(0));
	return change(block, bytes);
}

void *hp_reallocarray(void *block, size_t count, size_t bytes)
{
	if (__builtin_mul_overflow(count, bytes, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return hp_realloc(block, bytes);
}

HP_STANDARD_NAME(realloc, hp_realloc);
HP_STANDARD_NAME(reallocarray, hp_reallocarray);

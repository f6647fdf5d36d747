/* realloc: in place where the block is large enough or can grow, else by moving, else by copy. */
#include <errno.h>
#include <string.h>

#include "api/block.h"
#include "api/foreign.h"
#include "api/init.h"
#include "arena/gate.h"
#include "arena/thread.h"
#include "base/check.h"
#include "pool/pool.h"
#include "span/large.h"

/* Slack that a block may have after shrinking in place: an eighth of a large one, half else. */
static bool fits(const struct hp_span *span, size_t bytes)
{
	size_t have = hp_block_bytes(span);

	return bytes <= have && bytes >= have / 2 &&
	       (span->kind == HP_SPAN_SLAB || have - bytes < HP_UNIT_BYTES);
}

/* As a slow path: NULL if the large block can neither be resized nor moved. */
static void *resize_large(struct hp_span *large, size_t bytes)
{
	struct hp_arena *arena = hp_thread_arena();
	struct hp_span *result = large;
	bool is_real = hp_arena_is_real(arena);

	if (is_real)
		hp_gate_enter(arena);
	else
		hp_gate_enter_guest();
	if (!hp_large_resize(large, bytes))
		result = bytes > hp_large_bytes(large) ? hp_large_move(large, bytes) : NULL;
	if (is_real)
		hp_gate_leave(arena);
	else
		hp_gate_leave_guest();
	return result ? hp_span_start(result) : NULL;
}

static void *copy(struct hp_span *span, void *block, size_t bytes)
{
	size_t kept = hp_min(hp_block_bytes(span), bytes);
	void *moved = hp_malloc(bytes);

	if (!moved)
		return NULL;
	memcpy(moved, block, kept);
	if (span->kind == HP_SPAN_LARGE)
		hp_pool_count_copied(kept);
	hp_free(block);
	return moved;
}

static void *realloc_foreign(void *block, size_t bytes)
{
	const struct hp_foreign *next = hp_foreign();

	HP_CHECK(next, "realloc of %p, which is no block of this heap", block);
	return next->realloc(block, bytes);
}

void *hp_realloc(void *block, size_t bytes)
{
	struct hp_span *span;
	void *result = NULL;
	int kept_errno = errno;

	if (!block)
		return hp_malloc(bytes);
	span = hp_block_span(block, "realloc");
	if (!span)
		return realloc_foreign(block, bytes);
	if (!bytes) {
		hp_free(block);
		return NULL;
	}
	if (fits(span, bytes))
		return block;
	if (bytes > PTRDIFF_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	if (span->kind == HP_SPAN_LARGE && bytes > HP_CLASS_MAX_BYTES)
		result = resize_large(span, bytes);
	errno = kept_errno;
	return result ? result : copy(span, block, bytes);
}

void *hp_reallocarray(void *block, size_t count, size_t bytes)
{
	if (__builtin_mul_overflow(count, bytes, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return hp_realloc(block, bytes);
}

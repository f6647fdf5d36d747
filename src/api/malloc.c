/* malloc, calloc and free: the hit paths, a dozen instructions each, and one way out of each. */
#include <errno.h>
#include <hpalloc/hpalloc.h>

#include "api/block.h"
#include "api/entry_probe.h"
#include "api/standard_name.h"
#include "base/check.h"

HP_NOINLINE static void *malloc_miss(size_t bytes)
{
	void *block;

	if (bytes > HP_CLASS_SMALL_BYTES && bytes <= hp_arena_hit_bytes) {
		block = hp_arena_pop(hp_self, hp_class_of(bytes));
		if (HP_LIKELY(block))
			return block;
	}
	return hp_block_take(bytes, 1, HP_CONTENT_ANY);
}

void *hp_malloc(size_t bytes)
{
	void *block;

	HP_PROBE1(malloc, bytes);
	if (HP_LIKELY(bytes <= HP_CLASS_SMALL_BYTES)) {
		block = hp_slab_pop(hp_self->small[HP_CLASS_STEP(bytes)]);
		if (HP_LIKELY(block))
			return block;
	}
	return malloc_miss(bytes);
}

void *hp_calloc(size_t count, size_t bytes)
{
	void *block;

	HP_PROBE2(calloc, count, bytes);
	if (__builtin_mul_overflow(count, bytes, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	if (bytes <= HP_CLASS_SMALL_BYTES) {
		block = hp_slab_pop(hp_self->small[HP_CLASS_STEP(bytes)]);
		if (HP_LIKELY(block))
			return __builtin_memset(block, 0, bytes);
	}
	return hp_block_take(bytes, 1, HP_CONTENT_ZERO);
}

/* The slab has counted down: the last block that it waits for goes the long way. */
HP_NOINLINE static void free_due(void *block, struct hp_span *slab)
{
	slab->countdown++;
	hp_block_give_own(block, slab);
}

void hp_free(void *block)
{
	struct hp_span *cell, *span;

	HP_PROBE1(free, block);
	if (HP_UNLIKELY(!hp_span_main_cell(block, &cell))) {
		hp_block_give(block);
		return;
	}
	span = hp_span_head(cell);
	/* Another's block; or freed just now, the mistake that is made most. */
	if (HP_UNLIKELY(span->owner != hp_self || span->free == block)) {
		hp_block_give_other(block, span);
		return;
	}
	if (HP_UNLIKELY(hp_slab_count_down(span)))
		free_due(block, span);
	else
		hp_slab_push(span, block);
}

HP_STANDARD_NAME(malloc, hp_malloc);
HP_STANDARD_NAME(calloc, hp_calloc);
HP_STANDARD_NAME(free, hp_free);

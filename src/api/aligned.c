/* Aligned allocation, under the names that the standards and glibc have given it. */
#include <errno.h>

#include "api/block.h"
#include "api/standard_name.h"
#include "base/bits.h"
#include "base/probe.h"
#include "os/os.h"

#define ALIGN_MAX_BYTES ((size_t)1 << 30)

/*
 * Every block is aligned to the powers of two that divide its size, up to a unit: slabs and large
 * blocks begin at units, and the class of a size that is a multiple of `align` is one too.
 */
static inline size_t aligned_bytes(size_t align, size_t bytes)
{
	return hp_max(hp_round_up(bytes, align), align);
}

/* A hit, as in malloc.c; it changes no errno. */
static inline void *take_at_hand(size_t align, size_t bytes)
{
	if (HP_UNLIKELY(align > HP_UNIT_BYTES || bytes > HP_CLASS_MAX_BYTES))
		return NULL;
	bytes = aligned_bytes(align, bytes);
	if (bytes <= HP_CLASS_SMALL_BYTES)
		return hp_slab_pop(hp_self->small[HP_CLASS_STEP(bytes)]);
	return bytes <= hp_arena_hit_bytes ? hp_arena_pop(hp_self, hp_class_of(bytes)) : NULL;
}

static void *take_missed(size_t align, size_t bytes)
{
	if (align <= 16)
		return hp_malloc(bytes);
	if (HP_LIKELY(align <= HP_UNIT_BYTES && bytes <= PTRDIFF_MAX && !hp_watch)) {
		void *block = hp_malloc(aligned_bytes(align, bytes));

		if (HP_LIKELY((uintptr_t)block % align == 0))
			return block;
		hp_free(block); /* of the next malloc: see hp_block_take() */
	}
	if (align > ALIGN_MAX_BYTES) {
		errno = ENOMEM;
		return NULL;
	}
	return hp_block_take(bytes, align, HP_CONTENT_ANY);
}

static inline void *take(size_t align, size_t bytes)
{
	void *block = take_at_hand(align, bytes);

	if (HP_UNLIKELY(!block))
		return take_missed(align, bytes);
	HP_PROBE1(malloc, aligned_bytes(align, bytes));
	return block;
}

HP_EDGE HP_NOINLINE static int memalign_missed(void **out_block, size_t align, size_t bytes)
{
	int kept_errno = errno;
	void *block = take_missed(align, bytes);

	errno = kept_errno;
	if (!block)
		return ENOMEM;
	*out_block = block;
	return 0;
}

HP_EDGE int hp_posix_memalign(void **out_block, size_t align, size_t bytes)
{
	void *block;

	if (!hp_is_power_of_two(align) || align % sizeof(void *))
		return EINVAL;
	block = take_at_hand(align, bytes);
	if (HP_UNLIKELY(!block))
		return memalign_missed(out_block, align, bytes);
	HP_PROBE1(malloc, aligned_bytes(align, bytes));
	*out_block = block;
	return 0;
}

void *hp_aligned_alloc(size_t align, size_t bytes)
{
	if (!hp_is_power_of_two(align)) {
		errno = EINVAL;
		return NULL;
	}
	return take(align, bytes);
}

void *hp_memalign(size_t align, size_t bytes)
{
	if (align > SIZE_MAX / 2 + 1) {
		errno = EINVAL;
		return NULL;
	}
	if (align > 1 && !hp_is_power_of_two(align))
		align = (size_t)2 << hp_log2(align);
	return take(align, bytes);
}

void *hp_valloc(size_t bytes)
{
	return take(HP_PAGE_BYTES, bytes);
}

void *hp_pvalloc(size_t bytes)
{
	if (bytes > PTRDIFF_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	return take(HP_PAGE_BYTES, hp_round_up(bytes, HP_PAGE_BYTES));
}

HP_STANDARD_NAME(aligned_alloc, hp_aligned_alloc);
HP_STANDARD_NAME(memalign, hp_memalign);
HP_STANDARD_NAME(posix_memalign, hp_posix_memalign);
HP_STANDARD_NAME(pvalloc, hp_pvalloc);
HP_STANDARD_NAME(valloc, hp_valloc);

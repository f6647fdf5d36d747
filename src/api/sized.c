/*
 * See sized.h. A block's size is not known, its class is: the sizes that can be are those that
 * malloc serves from the class, and the smaller ones down to which realloc leaves a block where
 * it is. Under hardening it is known.
 */
#include "api/sized.h"

#include <stdint.h>

#include "api/harden.h"
#include "api/standard_name.h"
#include "base/check.h"
#include "span/large.h"
#include "span/slab.h"

static bool can_be(const struct hp_span *span, const void *block, size_t bytes)
{
	size_t have;

	if (hp_harden_has(span, block))
		return bytes == hp_harden_usable(block, "free");
	have = hp_block_bytes(span);
	if (bytes > have)
		return false;
	if (span->kind == HP_SPAN_LARGE)
		return have - bytes < HP_UNIT_BYTES;
	return have == hp_class_bytes(0) || bytes > (have - 1) / 2;
}

/* What is no block is left to hp_free(). */
static struct hp_span *span_of(const void *block)
{
	struct hp_span *span = block ? hp_span_find(block) : NULL;

	return span && span->kind != HP_SPAN_NONE ? span : NULL;
}

HP_COLD static void report(const struct hp_span *span, const void *block, size_t bytes)
{
	hp_fatal("free of %p with a size of %zu, but the block has %zu bytes", block, bytes,
		 hp_harden_has(span, block) ? hp_harden_usable(block, "free")
					    : hp_block_bytes(span));
}

void hp_sized_check(const void *block, size_t bytes)
{
	struct hp_span *span = span_of(block);

	if ((span || hp_guard_owns(block)) && HP_UNLIKELY(!can_be(span, block, bytes)))
		report(span, block, bytes);
}

void hp_sized_check_alignment(const void *block, size_t align)
{
	HP_CHECK(!block || (hp_is_power_of_two(align) && (uintptr_t)block % align == 0),
		 "free of %p with an alignment of %zu, which it cannot have been asked for with",
		 block, align);
}

/* Small ones are rounded up to the alignment, and from a class whose blocks all have it: if there
 * was none, the block is a large one, whatever its size. */
void hp_sized_check_aligned(const void *block, size_t align, size_t bytes)
{
	struct hp_span *span = span_of(block);
	size_t rounded = bytes;

	hp_sized_check_alignment(block, align);
	if (!span) {
		if (hp_guard_owns(block) && !can_be(NULL, block, bytes))
			report(NULL, block, bytes);
		return;
	}
	if (align <= HP_UNIT_BYTES && bytes <= PTRDIFF_MAX)
		rounded = hp_max(hp_round_up(bytes, align), align);
	if (HP_UNLIKELY(!can_be(span, block, bytes) && !can_be(span, block, rounded) &&
			(span->kind != HP_SPAN_LARGE || bytes > HP_UNIT_BYTES)))
		report(span, block, bytes);
}

void hp_free_sized(void *block, size_t bytes)
{
	hp_sized_check(block, bytes);
	hp_free(block);
}

void hp_free_aligned_sized(void *block, size_t align, size_t bytes)
{
	hp_sized_check_aligned(block, align, bytes);
	hp_free(block);
}

HP_STANDARD_NAME(free_sized, hp_free_sized);
HP_STANDARD_NAME(free_aligned_sized, hp_free_aligned_sized);

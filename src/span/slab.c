/* See slab.h. */
#include "span/slab.h"

#include <string.h>

#include "base/check.h"
#include "span/free_list.h"
#include "span/units.h"

enum {
	CARVE_BYTES = 4096, /* made available at once: what is not asked for stays untouched */
	CARVE_SHUFFLED = 4, /* at least, under hardening: so many orders there are at least */
	CARVE_MAX = CARVE_BYTES / 16,
};

struct hp_span *hp_slab_take(unsigned class, bool is_hot, enum hp_ground ground)
{
	struct hp_units_request request = {
		.units = hp_class_units(class, is_hot),
		.use = HP_USE_SPANS,
		.ground = ground,
	};
	struct hp_units units;
	struct hp_span *slab;
	bool is_zero;

	if (hp_units_take(&request, &units, &is_zero))
		return NULL;
	HP_ASSERT(units.count * HP_UNIT_BYTES <= HP_LINK_REACH);
	slab = hp_units_span(units);
	for (size_t i = 1; i < units.count; i++)
		slab[i].back = (uint32_t)(i * sizeof(*slab));
	slab->units = (uint32_t)units.count;
	slab->capacity = (uint32_t)(units.count * HP_UNIT_BYTES / hp_class_bytes(class));
	slab->class = (uint8_t) class;
	slab->inverse = (uint32_t)((HP_SLAB_INVERSE_ONE - 1) / (hp_class_bytes(class) / 16) + 1);
	slab->state = HP_SLAB_LISTED;
	slab->is_zero = is_zero;
	slab->kind = HP_SPAN_SLAB;
	hp_list_init(&slab->link);
	slab->is_hardened = hp_harden_is_on();
	if (slab->is_hardened && !hp_live_prepare(slab)) {
		hp_slab_give(slab);
		return NULL;
	}
	return slab;
}

void hp_slab_give(struct hp_span *slab)
{
	struct hp_units units = hp_span_units(slab);

	HP_ASSERT(hp_list_is_empty(&slab->link) && !slab->is_retained);
	memset(slab, 0, units.count * sizeof(*slab));
	hp_units_give(units, HP_GIVE_IDLE);
}

/* Under hardening: live blocks may not have been overrun, and get junk, as at a free. */
static void end_live(struct hp_span *slab)
{
	size_t bytes = hp_slab_block_bytes(slab);
	char *block = hp_span_start(slab);

	for (uint32_t i = 0; i < slab->carved; i++, block += bytes) {
		if (!hp_live_is_set(slab, block))
			continue;
		HP_CHECK(!hp_marks_is_overrun(block, bytes),
			 "%p was written to beyond its end (%zu-byte block)", (void *)block,
			 bytes - HP_TAIL_BYTES);
		hp_marks_junk(block, bytes);
	}
	hp_live_clear_all(slab);
}

void hp_slab_rewind(struct hp_span *slab)
{
	HP_ASSERT(!slab->is_retained);
	if (slab->is_hardened)
		end_live(slab);
	slab->free = NULL;
	slab->carved = 0;
	slab->countdown = 0;
	slab->state = HP_SLAB_LISTED;
	slab->is_zero = false;
}

/* Links `count` blocks from the lowest, in front of what is on the list. */
static void link_blocks(struct hp_span *slab, char *first, size_t bytes, uint32_t count)
{
	char *block = first;

	for (uint32_t i = 1; i < count; i++, block += bytes)
		*(void **)(void *)block = block + bytes;
	*(void **)(void *)block = slab->free;
	atomic_signal_fence(
		memory_order_seq_cst); /* a list is whole at any moment: hp_slab_audit() */
	slab->free = first;
}

/* The same in random order. */
static void link_shuffled(struct hp_span *slab, char *first, size_t bytes, uint32_t count)
{
	uint64_t random = hp_harden_seed(first);
	uint16_t order[CARVE_MAX];
	void *next = slab->free;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t other = (uint32_t)((uint64_t)hp_harden_random(&random) * (i + 1) >> 32);

		order[i] = order[other];
		order[other] = (uint16_t)i;
	}
	for (uint32_t i = 0; i < count; i++) {
		char *block = first + order[i] * bytes;

		hp_link_set_fresh(block, next);
		next = block;
	}
	slab->free = next;
}

bool hp_slab_carve(struct hp_span *slab)
{
	size_t bytes = hp_slab_block_bytes(slab);
	uint32_t left = slab->capacity - slab->carved;
	uint32_t count =
		(uint32_t)hp_max(CARVE_BYTES / bytes, slab->is_hardened ? CARVE_SHUFFLED : 1);
	char *first = hp_span_start(slab) + slab->carved * bytes;

	if (!left)
		return false;
	count = count < left ? count : left;
	if (HP_UNLIKELY(slab->is_hardened))
		link_shuffled(slab, first, bytes, count);
	else
		link_blocks(slab, first, bytes, count);
	slab->carved += count;
	return true;
}

void *hp_slab_bump(struct hp_span *slab)
{
	if (slab->carved == slab->capacity)
		return NULL;
	return hp_span_start(slab) + slab->carved++ * hp_slab_block_bytes(slab);
}

/* The list is known to come back to itself. The first block that it meets twice was freed twice. */
HP_COLD static void report_double_free(const struct hp_span *slab)
{
	const void *slow = slab->free, *fast = slab->free;

	/* They meet in the circle; its first block is as far from there as from the start. */
	do {
		slow = hp_link_next(slow);
		fast = hp_link_next(hp_link_next(fast));
	} while (slow != fast);
	for (slow = slab->free; slow != fast; slow = hp_link_next(slow))
		fast = hp_link_next(fast);
	hp_fatal("double free of %p (%zu-byte block)", slow, hp_slab_block_bytes(slab));
}

/* What a block on the list leads to; under hardening the whole block is looked at. */
static inline const void *follow(const struct hp_span *slab, const void *block, size_t bytes)
{
	uintptr_t link = hp_link_read(block);

	if (HP_UNLIKELY(slab->is_hardened && !hp_harden_is_free(block, bytes, link)))
		hp_harden_report_write(slab, block);
	return (const void *)(link & ~HP_LINK_FRESH);
}

size_t hp_slab_audit(const struct hp_span *slab, size_t most)
{
	const char *start = hp_span_start(slab);
	size_t seen = 0, bytes = hp_slab_block_bytes(slab), length = slab->units * HP_UNIT_BYTES;

	for (const void *block = slab->free; block && seen < most && seen <= slab->capacity;
	     seen++) {
		size_t offset = (size_t)((const char *)block - start);

		HP_CHECK(offset < length,
			 "a %zu-byte block was written to after it was freed: it leads to %p",
			 bytes, block);
		HP_CHECK(hp_slab_has_block_at(slab, offset),
			 "free of %p, which points into a block or between blocks", block);
		block = follow(slab, block, bytes);
	}
	if (seen > slab->capacity)
		report_double_free(slab);
	return seen;
}

bool hp_slab_is_valid(const struct hp_span *slab)
{
	uint32_t free = 0;

	for (void *block = slab->free; block && free <= slab->capacity;
	     block = hp_link_next(block), free++) {
		if (!hp_slab_has_block(slab, block))
			return false;
	}
	return slab->kind == HP_SPAN_SLAB && free + hp_slab_live(slab) == slab->carved;
}

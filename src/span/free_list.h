/*
 * Under hardening: a block's way off its slab's list, inline for the ways of malloc that are taken
 * most; the others call span/harden.h.
 */
#ifndef HP_SPAN_FREE_LIST_H
#define HP_SPAN_FREE_LIST_H

#include "span/live.h"
#include "span/marks.h"

/* Whether a block on the list is as it was left there; `link` is its first word, opened. */
static inline __attribute__((always_inline)) bool hp_harden_is_free(const void *block, size_t have,
								    uintptr_t link)
{
	return hp_link_can_be(block, link & ~HP_LINK_FRESH) &&
	       (link & HP_LINK_FRESH || hp_marks_is_junk(block, have));
}

/*
 * Takes the first block off the list of a slab of this region, a block of `have` bytes; as
 * hp_harden_pop().
 */
static inline __attribute__((always_inline)) void
hp_harden_take_off(const struct hp_region *region, struct hp_span *slab, size_t have)
{
	void *first = slab->free;
	uintptr_t link = hp_link_read_sealed(first);

	if (HP_UNLIKELY(!hp_harden_is_free(first, have, link) || hp_live_set_in(region, first)))
		hp_harden_report_write(slab, first);
	slab->free = (void *)(link & ~HP_LINK_FRESH);
	slab->countdown++;
}

#endif

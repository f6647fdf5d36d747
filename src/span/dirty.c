/* See dirty.h. */
#include "span/dirty.h"

#include <stddef.h>

/* Less than this is not worth splitting a transparent huge page. */
enum { WORTH_UNITS = 16 };

static struct hp_list dirty = { &dirty, &dirty };

void hp_dirty_note(struct hp_slot *slot)
{
	if (!hp_slot_is_normal(slot) || !hp_list_is_empty(&slot->dirty) ||
	    hp_bitmap_count(slot->free & slot->touched) < WORTH_UNITS)
		return;
	slot->since_ms = hp_os_now_ms();
	hp_list_append(&dirty, &slot->dirty);
}

void hp_dirty_remove(struct hp_slot *slot)
{
	hp_list_remove(&slot->dirty);
}

struct hp_slot *hp_dirty_take(uint64_t since_ms)
{
	struct hp_slot *slot = HP_CONTAINER(dirty.next, struct hp_slot, dirty);

	if (hp_list_is_empty(&dirty) || slot->since_ms > since_ms)
		return NULL;
	hp_list_remove(&slot->dirty);
	return slot;
}

HP_RACY_READER uint64_t hp_dirty_peek(void)
{
	struct hp_list *oldest = dirty.next;

	/* A slot's descriptor is never unmapped. */
	return oldest == &dirty ? UINT64_MAX
				: HP_CONTAINER(oldest, struct hp_slot, dirty)->since_ms;
}

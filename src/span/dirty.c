/* See dirty.h. */
#include "span/dirty.h"

#include <stddef.h>

#include "base/bits.h"
#include "pool/account.h"

/* Less than this is not worth splitting a transparent huge page. */
enum { WORTH_UNITS = 16 };

enum {
	KEEP_SLOTS = 4,
	KEEP_PEAK_SHIFT = 4, /* a sixteenth */
	SWING_LIMIT_SLOTS = 32,
};

static struct {
	struct hp_list list; /* oldest first */
	size_t count;
	size_t used_again; /* slots that were trimmed and then used again, since a quiet decay */
	size_t swing;	   /* of them, those past as many as the peak has */
} dirty = { .list = { &dirty.list, &dirty.list } };

bool hp_dirty_is_over_bound(void)
{
	return dirty.count > KEEP_SLOTS + dirty.swing &&
	       dirty.count > (hp_account_peak_slots() >> KEEP_PEAK_SHIFT) + dirty.swing;
}

void hp_dirty_note(struct hp_slot *slot)
{
	if (!hp_slot_is_normal(slot) || !hp_list_is_empty(&slot->dirty) ||
	    hp_bitmap_count(slot->free & slot->touched) < WORTH_UNITS)
		return;
	slot->since_ms = hp_os_now_ms();
	hp_list_append(&dirty.list, &slot->dirty);
	dirty.count++;
}

void hp_dirty_remove(struct hp_slot *slot)
{
	dirty.count -= !hp_list_is_empty(&slot->dirty);
	hp_list_remove(&slot->dirty);
}

static struct hp_slot *oldest(void)
{
	return HP_CONTAINER(dirty.list.next, struct hp_slot, dirty);
}

struct hp_slot *hp_dirty_take(uint64_t since_ms)
{
	struct hp_slot *slot = oldest();

	if (hp_list_is_empty(&dirty.list) || slot->since_ms > since_ms)
		return NULL;
	hp_dirty_remove(slot);
	dirty.swing = dirty.used_again = 0; /* what is old enough has been quiet for a decay */
	return slot;
}

struct hp_slot *hp_dirty_take_over_bound(void)
{
	struct hp_slot *slot = oldest();

	if (!hp_dirty_is_over_bound())
		return NULL;
	hp_dirty_remove(slot);
	slot->is_trimmed = true;
	return slot;
}

void hp_dirty_note_use(struct hp_slot *slot)
{
	slot->is_trimmed = false;
	dirty.used_again++;
	if (dirty.used_again > hp_account_peak_slots())
		dirty.swing = hp_min(dirty.swing + 1, SWING_LIMIT_SLOTS);
}

HP_RACY_READER uint64_t hp_dirty_peek(void)
{
	struct hp_list *first = dirty.list.next;

	/* A slot's descriptor is never unmapped. */
	return first == &dirty.list ? UINT64_MAX
				    : HP_CONTAINER(first, struct hp_slot, dirty)->since_ms;
}

/* See shelf.h. */
#include "span/shelf.h"

#include "base/check.h"

enum { LOOK_AT = 4 }; /* slots with equal runs to compare by fullness */

static struct shelf {
	struct hp_list list[HP_BITMAP_BITS + 1]; /* by longest run; zeroed: not yet used */
	hp_bitmap filled;			 /* bit i: list[i + 1] has slots */
} shelves[HP_GROUNDS];

static struct hp_slot *slot_of(struct hp_list *link)
{
	return HP_CONTAINER(link, struct hp_slot, link);
}

void hp_shelf_remove(struct hp_slot *slot)
{
	struct shelf *shelf = &shelves[slot->ground];
	unsigned longest = slot->longest;

	if (!longest)
		return;
	hp_list_remove(&slot->link);
	if (hp_list_is_empty(&shelf->list[longest]))
		shelf->filled &= ~hp_bitmap_run(longest - 1, 1);
	slot->longest = 0;
}

void hp_shelf_update(struct hp_slot *slot)
{
	struct shelf *shelf = &shelves[slot->ground];
	unsigned longest = hp_bitmap_longest(slot->free);

	if (longest == slot->longest)
		return;
	hp_shelf_remove(slot);
	slot->longest = (uint8_t)longest;
	if (!longest)
		return;
	if (!shelf->list[longest].next)
		hp_list_init(&shelf->list[longest]);
	hp_list_push(&shelf->list[longest], &slot->link);
	shelf->filled |= hp_bitmap_run(longest - 1, 1);
}

/* One bit in every `step`, a power of two. */
static hp_bitmap every(unsigned step)
{
	hp_bitmap bits = 1;

	for (; step < HP_BITMAP_BITS; step *= 2)
		bits |= bits << step;
	return bits;
}

/* The fullest of the first slots of a list that has such a run. */
static struct hp_slot *look_through(struct hp_list *list, unsigned units, hp_bitmap places)
{
	struct hp_slot *best = NULL;
	unsigned best_free = HP_BITMAP_BITS + 1, looked = 0;

	for (struct hp_list *link = list->next; link != list && looked < LOOK_AT;
	     link = link->next) {
		struct hp_slot *slot = slot_of(link);
		unsigned free = hp_bitmap_count(slot->free);

		if (free < best_free && (hp_bitmap_starts(slot->free, units) & places)) {
			best = slot;
			best_free = free;
			looked++;
		}
	}
	return best;
}

bool hp_shelf_find(unsigned units, unsigned align_units, enum hp_ground ground,
		   struct hp_slot **out_slot, unsigned *out_first)
{
	struct shelf *shelf = &shelves[ground];
	hp_bitmap places = every(align_units);
	hp_bitmap lists = shelf->filled & ~hp_bitmap_run(0, units - 1);

	while (lists) {
		unsigned longest = hp_bitmap_lowest(lists) + 1;
		struct hp_slot *slot = look_through(&shelf->list[longest], units, places);

		if (slot) {
			*out_slot = slot;
			*out_first = hp_bitmap_lowest(hp_bitmap_starts(slot->free, units) & places);
			return true;
		}
		lists &= lists - 1;
	}
	return false;
}

/* See edges.h. */
#include "pool/edges.h"

/* A move of several mappings doubles them; beyond so many, those of one are moved. */
enum { EDGES_MANY = 1024, EDGES_MOST = 8192 };

static _Atomic unsigned edges; /* of all slots */

static void set(struct hp_slot *slot, hp_bitmap now)
{
	unsigned before = hp_bitmap_count(slot->edges);

	slot->edges = now;
	atomic_fetch_add_explicit(&edges, hp_bitmap_count(now) - before, memory_order_relaxed);
}

static bool may_move(hp_bitmap inside)
{
	unsigned now = atomic_load_explicit(&edges, memory_order_relaxed);

	return now < EDGES_MANY || (now < EDGES_MOST && !inside);
}

bool hp_edges_move(const struct hp_slot *from, struct hp_slot *to, unsigned first, unsigned count)
{
	hp_bitmap place = hp_bitmap_run(first, count), ends = hp_bitmap_run(first, 1), inside;

	if (first + count < HP_SLOT_UNITS)
		ends |= hp_bitmap_run(first + count, 1);
	inside = from->edges & place & ~ends;
	if (!may_move(inside))
		return false;
	/* Each slot may be a mapping of its own anyway. */
	set(to, ((to->edges & ~place) | ends | inside) & ~(hp_bitmap)1);
	return true;
}

void hp_edges_clear(struct hp_slot *slot)
{
	if (slot->edges)
		set(slot, 0);
}

/* See idle.h. */
#include "pool/idle.h"

#include "base/bits.h"
#include "base/check.h"
#include "pool/account.h"
#include "rt/options.h"

enum {
	KEEP_SLOTS = 2,
	KEEP_PEAK_PERCENT = 3,
	SWING_LIMIT_SLOTS = 32, /* 64 MB, or half of the peak if that is more */
	SWING_MIN_SLOTS = 2,	/* at once: a large block; smaller ones come slot by slot */
	SWING_ROUNDS = 4,	/* ... and must have come so often, all of the peak together */
};

static struct {
	struct hp_list list; /* newest first */
	size_t count;
	size_t reserve;		 /* kept in any case */
	size_t swing;		 /* slots that the program was seen to give and take again */
	size_t bound_purged;	 /* slots that the bound made us purge and nobody took again */
	uint64_t bound_purge_ms; /* when it last did */
	size_t taken_again;	 /* of those, since the program was quiet */
} idle = { .list = { &idle.list, &idle.list } };

size_t hp_idle_count(void)
{
	return idle.count;
}

void hp_idle_set_reserve(size_t slots)
{
	idle.reserve = slots;
}

size_t hp_idle_reserve(void)
{
	return idle.reserve;
}

static size_t bound(void)
{
	size_t idle_max = HP_RELAXED_LOAD(hp_options.idle_max), kept;

	if (hp_limit_is_tight(0))
		return 0;
	if (idle_max != HP_IDLE_MAX_AUTO)
		return hp_max(idle_max / HP_HUGEPAGE_BYTES, idle.reserve);
	kept = hp_max(KEEP_SLOTS, hp_account_peak_slots() * KEEP_PEAK_PERCENT / 100);
	return hp_max(kept + idle.swing, idle.reserve);
}

void hp_idle_remove(struct hp_slot *slot)
{
	HP_ASSERT(slot->state == HP_SLOT_IDLE && idle.count);
	hp_list_remove(&slot->link);
	slot->state = HP_SLOT_BUSY;
	idle.count--;
	hp_account_idle(slot, false);
}

static void take(struct hp_list *link, struct hp_run *out_run)
{
	struct hp_slot *slot = HP_CONTAINER(link, struct hp_slot, link);

	hp_idle_remove(slot);
	*out_run = hp_run_of(slot);
}

bool hp_idle_take(struct hp_run *out_run)
{
	if (hp_list_is_empty(&idle.list))
		return false;
	take(idle.list.next, out_run);
	return true;
}

bool hp_idle_take_oldest(uint64_t since_ms, struct hp_run *out_run)
{
	struct hp_list *link = idle.list.previous;

	if (link == &idle.list || HP_CONTAINER(link, struct hp_slot, link)->since_ms > since_ms)
		return false;
	take(link, out_run);
	return true;
}

void hp_idle_put_over_bound(struct hp_run run, uint64_t now_ms)
{
	for (size_t i = 0; i < run.count; i++) {
		struct hp_slot *slot = &hp_run_slots(run)[i];

		slot->state = HP_SLOT_IDLE;
		slot->since_ms = now_ms;
		hp_list_push(&idle.list, &slot->link);
		hp_account_idle(slot, true);
	}
	idle.count += run.count;
}

size_t hp_idle_put(struct hp_run run, uint64_t now_ms)
{
	size_t limit = bound();
	size_t all = run.count;

	run.count = hp_min(all, limit > idle.count ? limit - idle.count : 0);
	hp_idle_put_over_bound(run, now_ms);
	if (run.count < all) {
		idle.bound_purge_ms = now_ms;
		idle.bound_purged += all - run.count;
	}
	return run.count;
}

void hp_idle_note_fill(size_t slots, uint64_t now_ms)
{
	size_t again = hp_min(slots, idle.bound_purged), limit;

	if (now_ms - idle.bound_purge_ms > HP_RELAXED_LOAD(hp_options.decay_ms))
		return;
	idle.bound_purged -= again;
	idle.taken_again += again;
	if (slots < SWING_MIN_SLOTS && idle.taken_again < SWING_ROUNDS * hp_account_peak_slots())
		return;
	limit = hp_max(SWING_LIMIT_SLOTS, hp_account_peak_slots() / 2);
	idle.swing = hp_min(idle.swing + again, limit);
}

void hp_idle_note_quiet(void)
{
	idle.swing = 0;
	idle.bound_purged = 0;
	idle.taken_again = 0;
}

HP_RACY_READER uint64_t hp_idle_peek(void)
{
	struct hp_list *oldest = idle.list.previous;

	/* A slot's descriptor is never unmapped. */
	return oldest == &idle.list ? UINT64_MAX
				    : HP_CONTAINER(oldest, struct hp_slot, link)->since_ms;
}

/* See pool.h: which slots are taken, and where they go when they come back. */
#include "pool/pool.h"

#include <errno.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/lock.h"
#include "pool/account.h"
#include "pool/fill.h"
#include "pool/find.h"
#include "pool/idle.h"
#include "rt/options.h"

/* 32 MB mapped at once at most: mappings are few and long, and start-up maps little. */
enum { RUN_LIMIT_SLOTS = 16 };

static struct {
	struct hp_lock lock;
	bool growing;	  /* one thread is getting address space */
	size_t run_slots; /* how many slots the next growth maps at once */
} pool = { .lock = HP_LOCK_INIT(HP_RANK_POOL), .run_slots = 1 };

void hp_pool_lock(void)
{
	hp_lock_acquire(&pool.lock);
}

void hp_pool_unlock(void)
{
	hp_lock_release(&pool.lock);
}

void hp_pool_reset(void)
{
	hp_lock_reset(&pool.lock);
	pool.growing = false;
}

static void set_state(struct hp_run run, enum hp_slot_state state)
{
	for (size_t i = 0; i < run.count; i++)
		hp_run_slots(run)[i].state = (uint8_t)state;
}

static void set_ground(struct hp_run run, enum hp_ground ground)
{
	for (size_t i = 0; i < run.count; i++)
		hp_run_slots(run)[i].ground = (uint8_t)ground;
}

static void set_free(struct hp_run run)
{
	set_state(run, HP_SLOT_FREE);
	set_ground(run, HP_GROUND_COMMON);
	hp_find_mark_free(run);
}

/* Slots that find_free() found become BUSY. */
static void claim(struct hp_run run, enum hp_ground ground)
{
	hp_find_mark_taken(run);
	for (size_t i = 0; i < run.count; i++) {
		struct hp_slot *slot = &hp_run_slots(run)[i];

		if (slot->state == HP_SLOT_IDLE)
			hp_idle_remove(slot);
		slot->state = HP_SLOT_BUSY;
		slot->ground = (uint8_t)ground;
	}
}

/*
 * Gets address space for a request, anywhere or right behind the main region. Called and left with
 * the lock held, which is released in between. -EAGAIN where another thread did the work.
 */
static int grow(size_t slots, hp_region_growth *get_more)
{
	struct hp_run run;
	int error;

	if (pool.growing) {
		hp_pool_unlock();
		hp_os_yield();
		hp_pool_lock();
		return -EAGAIN;
	}
	pool.growing = true;
	hp_pool_unlock();
	error = get_more(slots, &run.region, &run.first, &run.count);
	hp_pool_lock();
	pool.growing = false;
	if (!error)
		hp_find_mark_free(run); /* FREE they are: zero */
	return error;
}

void hp_pool_init(void)
{
	struct hp_run run = { &hp_regions.at[0], 0, 0 };

	if (hp_region_init(&run.count))
		return;
	hp_pool_lock();
	hp_find_mark_free(run); /* FREE they are: zero */
	hp_pool_unlock();
}

/* Under the lock: finds slots and makes them BUSY. */
static int find(const struct hp_pool_request *request, struct hp_run *out_run)
{
	if (request->slots == 1 && request->align_slots == 1 &&
	    request->ground == HP_GROUND_COMMON && hp_idle_take(out_run)) {
		hp_find_mark_taken(*out_run);
		return 0;
	}
	while (!hp_find_free(request->slots, request->align_slots, out_run)) {
		int error = grow(request->slots + request->align_slots - 1, hp_region_grow);

		if (error && error != -EAGAIN)
			return error;
	}
	claim(*out_run, request->ground);
	return 0;
}

/* Under the lock: free slots without a mapping right behind `run`, worth mapping with it. */
static struct hp_run claim_spare(struct hp_run run)
{
	struct hp_run spare = { run.region, run.first + run.count, 0 };
	size_t end = hp_region_slots(run.region);

	if (run.region->slots[spare.first - 1].mapping != HP_MAPPING_NONE ||
	    hp_run_slots(run)->ground != HP_GROUND_COMMON)
		return spare;
	while (run.count + spare.count < pool.run_slots && spare.first + spare.count < end) {
		struct hp_run next = { run.region, spare.first + spare.count, 1 };

		if (!hp_find_is_free(next) ||
		    run.region->slots[next.first].mapping != HP_MAPPING_NONE)
			break;
		spare.count++;
	}
	pool.run_slots = hp_min(pool.run_slots * 2, RUN_LIMIT_SLOTS);
	claim(spare, HP_GROUND_COMMON);
	return spare;
}

static int finish_take(struct hp_run run, const struct hp_pool_request *request,
		       struct hp_run spare)
{
	int error = hp_fill(run, request, spare.count);

	hp_pool_lock();
	set_free(spare);
	if (!error)
		set_state(run, HP_SLOT_USED);
	hp_pool_unlock();
	if (error)
		hp_pool_give(run, HP_GIVE_IDLE);
	return error;
}

int hp_pool_take(const struct hp_pool_request *request, struct hp_run *out_run)
{
	struct hp_run run, spare = { 0 };
	int error;

	hp_pool_lock();
	error = find(request, &run);
	if (!error)
		spare = claim_spare(run);
	hp_pool_unlock();
	if (!error)
		error = finish_take(run, request, spare);
	if (!error)
		*out_run = run;
	return error;
}

/* Under the lock: whether all slots of `run` are free; those beyond the region's end can be. */
static bool make_free(struct hp_run run)
{
	for (;;) {
		size_t slots = hp_region_slots(run.region);
		struct hp_run inside = run;
		int error;

		inside.count = slots > run.first ? hp_min(run.count, slots - run.first) : 0;
		if (!hp_find_is_free(inside))
			return false;
		if (inside.count == run.count)
			return true;
		if (run.region != &hp_regions.at[0])
			return false;
		error = grow(run.first + run.count - slots, hp_region_grow_main);
		if (error && error != -EAGAIN)
			return false;
	}
}

int hp_pool_take_at(struct hp_run run, enum hp_use use)
{
	struct hp_pool_request request = {
		.slots = run.count,
		.align_slots = 1,
		.use = use,
		.ground = run.region->slots[run.first - 1].ground,
	};
	struct hp_run spare = { 0 };
	bool is_free;

	hp_pool_lock();
	is_free = make_free(run);
	if (is_free) {
		claim(run, request.ground);
		spare = claim_spare(run);
	}
	hp_pool_unlock();
	return is_free ? finish_take(run, &request, spare) : -EBUSY;
}

/*
 * Purges BUSY slots that have memory, without the lock, and makes them free. What the system does
 * not take back stays idle, over the bound: its content is not zero. Whether all went.
 */
static bool purge(struct hp_run run)
{
	struct hp_run purged;

	if (!run.count)
		return false;
	hp_pool_lock();
	hp_account_emptied(run, HP_EMPTIED_PURGED);
	hp_pool_unlock();
	purged = hp_run_cut(&run, hp_backing_purge(run));
	hp_pool_lock();
	set_free(purged);
	hp_account_kept(run);
	set_ground(run, HP_GROUND_COMMON);
	hp_idle_put_over_bound(run, hp_os_now_ms());
	hp_find_mark_free(run);
	hp_pool_unlock();
	return !run.count;
}

/* Slots with memory: idle as far as the bound goes, the rest is purged. */
static void give_filled(struct hp_run run)
{
	uint64_t now_ms = hp_os_now_ms();
	struct hp_run evicted = { 0 }, kept = run;

	hp_pool_lock();
	kept.count = hp_idle_put(run, now_ms);
	/* Better to keep the page that was just in use. */
	if (!kept.count && hp_idle_take_oldest(now_ms, &evicted)) {
		hp_find_mark_taken(evicted);
		kept.count = hp_idle_put((struct hp_run){ run.region, run.first, 1 }, now_ms);
	}
	hp_find_mark_free(kept);
	hp_pool_unlock();
	hp_run_cut(&run, kept.count);
	purge(evicted);
	purge(run);
}

/* Another ground than the common one keeps nothing idle: few could use it. */
static void give_ground(struct hp_run run)
{
	if (hp_run_slots(run)->ground == HP_GROUND_COMMON)
		give_filled(run);
	else
		purge(run);
}

void hp_pool_give(struct hp_run run, enum hp_give how)
{
	while (run.count) {
		struct hp_run piece = hp_run_cut_alike(&run, hp_fill_alike);

		set_state(piece, HP_SLOT_BUSY);
		if (how == HP_GIVE_IDLE && hp_run_slots(piece)->has_memory) {
			give_ground(piece);
			continue;
		}
		hp_pool_lock();
		if (hp_run_slots(piece)->has_memory)
			hp_account_emptied(piece, HP_EMPTIED_MOVED);
		set_free(piece);
		hp_pool_unlock();
	}
}

/*
 * Purges the slot that is idle longest, if it is so since `since_ms` and more than `keep` are, and
 * more than the reserve unless that is to go, too.
 */
static bool purge_oldest(uint64_t since_ms, size_t keep, bool with_reserve)
{
	struct hp_run run = { 0 };
	bool found;

	hp_pool_lock();
	if (!with_reserve)
		keep = hp_max(keep, hp_idle_reserve());
	found = hp_idle_count() > keep && hp_idle_take_oldest(since_ms, &run);
	if (found) {
		hp_find_mark_taken(run);
		hp_idle_note_quiet();
	}
	hp_pool_unlock();
	return found && purge(run);
}

void hp_pool_tick(uint64_t now_ms)
{
	unsigned decay_ms = HP_RELAXED_LOAD(hp_options.decay_ms);
	uint64_t since_ms = now_ms - decay_ms;

	if (now_ms >= decay_ms && hp_idle_peek() <= since_ms)
		purge_oldest(since_ms, 0, false);
}

bool hp_pool_trim(size_t keep_slots)
{
	bool any = false;

	while (purge_oldest(UINT64_MAX, keep_slots, true))
		any = true;
	return any;
}

/* Under the lock. Only of what is marked free may the rest be looked at: it is nobody else's. */
static bool is_vacant(struct hp_run one)
{
	return hp_find_is_free(one) && hp_run_slots(one)->state == HP_SLOT_FREE &&
	       hp_run_slots(one)->mapping != HP_MAPPING_NONE;
}

/* Under the lock: the next such slots in a row behind `run`, BUSY then; false if there are none. */
static bool claim_vacant(struct hp_run *run)
{
	size_t end = hp_region_slots(run->region);

	run->first += run->count;
	run->count = 0;
	while (run->first < end && !is_vacant((struct hp_run){ run->region, run->first, 1 }))
		run->first++;
	while (is_vacant((struct hp_run){ run->region, run->first + run->count, 1 }))
		run->count++;
	claim(*run, HP_GROUND_COMMON);
	return run->count > 0;
}

void hp_pool_vacate(void)
{
	unsigned regions = atomic_load_explicit(&hp_regions.count, memory_order_acquire);

	/* What a fork has marked as not for the child stays as it is. */
	if (hp_lock_has_process())
		return;
	hp_pool_lock();
	for (unsigned i = 0; i < regions; i++) {
		struct hp_run run = { &hp_regions.at[i], 0, 0 };

		while (claim_vacant(&run)) {
			hp_pool_unlock();
			hp_backing_vacate(run);
			hp_pool_lock();
			set_free(run);
		}
	}
	hp_pool_unlock();
}

bool hp_pool_collapse(struct hp_run run)
{
	return hp_backing_collapse(run);
}

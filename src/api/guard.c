/*
 * See guard.h. Place i is page 2i + 1 of the region, the pages between are never accessible. The
 * places are taken in turn, so that a freed one rests for as long as can be. Who changes the state
 * of a place to BUSY has it alone.
 */
#include "api/guard.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "api/stack.h"
#include "base/bits.h"
#include "base/check.h"
#include "os/os.h"
#include "rt/meta.h"
#include "rt/options.h"
#include "rt/release.h"
#include "span/harden.h"

enum { PLACES = 256, TRIES = 8, FILL = 0xfd };
enum state { UNUSED, BUSY, LIVE, FREED };

struct place {
	_Atomic unsigned char state;
	bool is_taken_once;
	char *block;
	size_t bytes;
	struct hp_stack allocated, freed;
};

struct hp_guard_region hp_guard_region;

static struct {
	struct place *places;
	_Atomic unsigned next;
} guard;

static char *page_of(size_t place)
{
	return (char *)hp_guard_region.base + (2 * place + 1) * HP_PAGE_BYTES;
}

/* The place whose page, or a page beside it, has the address: the nearer one for those between. */
static struct place *place_at(uintptr_t address)
{
	size_t offset = address - hp_guard_region.base, page = offset / HP_PAGE_BYTES, place;

	if (page % 2)
		place = page / 2;
	else if (page == 0 || (offset % HP_PAGE_BYTES >= HP_PAGE_BYTES / 2 && page < 2 * PLACES))
		place = page / 2;
	else
		place = page / 2 - 1;
	return &guard.places[place];
}

HP_COLD HP_NORETURN static void die(const struct place *place)
{
	if (place->is_taken_once)
		hp_stack_say("allocated by", &place->allocated);
	if (atomic_load(&place->state) == FREED)
		hp_stack_say("freed by", &place->freed);
	abort();
}

static void say_touch(const struct place *place, uintptr_t address)
{
	const void *block = place->block;
	const void *at = (const void *)address;

	if (atomic_load(&place->state) == FREED)
		hp_warn("%p was touched after it was freed (%zu-byte block), at %p", block,
			place->bytes, at);
	else if (address >= (uintptr_t)block)
		hp_warn("%p was touched beyond its end (%zu-byte block), at %p", block,
			place->bytes, at);
	else
		hp_warn("%p was touched before its start (%zu-byte block), at %p", block,
			place->bytes, at);
}

static bool on_touch(void *address, const void *instruction)
{
	struct place *place;
	struct hp_stack stack;

	if (!hp_guard_owns(address))
		return false;
	place = place_at((uintptr_t)address);
	say_touch(place, (uintptr_t)address);
	hp_stack_get(stack.frames, HP_STACK_FRAMES);
	memmove(&stack.frames[1], &stack.frames[0], sizeof(stack.frames) - sizeof(stack.frames[0]));
	stack.frames[0] = (char *)(uintptr_t)instruction + 1; /* no return address, but the spot */
	hp_stack_say("touched by", &stack);
	die(place);
}

void hp_guard_init(void)
{
	size_t bytes = (2 * PLACES + 1) * HP_PAGE_BYTES;
	size_t table_bytes = hp_round_up(PLACES * sizeof(struct place), HP_PAGE_BYTES);
	void *base = NULL, *table = NULL;

	if (hp_os_map(NULL, table_bytes, HP_PAGE_BYTES, &table))
		return;
	if (hp_os_reserve(NULL, bytes, HP_PAGE_BYTES, &base)) {
		hp_release(table, table_bytes);
		return;
	}
	hp_meta_count(table_bytes);
	guard.places = table;
	hp_guard_region.base = (uintptr_t)base;
	hp_guard_region.bytes = bytes;
	hp_os_trap_catch(HP_OS_TRAP_GUARDED, on_touch);
}

/* The interval is random, its mean the rate. A thread's first one is not over yet. */
bool hp_guard_is_due(void)
{
	static __thread uint64_t random;
	static __thread uint32_t left;
	bool is_first = !random;

	if (HP_LIKELY(left > 1)) {
		left--;
		return false;
	}
	if (is_first)
		random = hp_harden_seed(&random) | 1;
	left = 1 + (uint32_t)(((uint64_t)hp_harden_random(&random) *
			       (2 * (uint64_t)hp_options.guard_rate - 1)) >>
			      32);
	return !is_first || left == 1;
}

static struct place *claim(void)
{
	for (unsigned i = 0; i < TRIES; i++) {
		struct place *place = &guard.places[atomic_fetch_add(&guard.next, 1) % PLACES];
		unsigned char state = atomic_load(&place->state);

		if ((state == UNUSED || state == FREED) &&
		    atomic_compare_exchange_strong(&place->state, &state, BUSY))
			return place;
	}
	return NULL;
}

/* At the page's end, where an overrun is met at once, or one time in four at its start. */
static void put(struct place *place, size_t bytes, size_t align_bytes)
{
	char *page = page_of((size_t)(place - guard.places));
	size_t room = hp_round_up(hp_max(bytes, 1), hp_max(align_bytes, 16));
	bool is_at_start = (unsigned)(place - guard.places) % 4 == 3;

	place->bytes = bytes;
	place->block = is_at_start ? page : page + HP_PAGE_BYTES - room;
	memset(place->block + bytes, FILL, (size_t)(page + HP_PAGE_BYTES - place->block) - bytes);
	place->is_taken_once = true;
}

void *hp_guard_take(size_t bytes, size_t align_bytes)
{
	struct place *place;

	if (bytes > HP_PAGE_BYTES || align_bytes > HP_PAGE_BYTES ||
	    hp_round_up(bytes, hp_max(align_bytes, 16)) > HP_PAGE_BYTES)
		return NULL;
	place = claim();
	if (!place)
		return NULL;
	if (!hp_os_unseal(page_of((size_t)(place - guard.places)), HP_PAGE_BYTES)) {
		atomic_store(&place->state, FREED);
		return NULL;
	}
	put(place, bytes, align_bytes);
	hp_stack_get(place->allocated.frames, HP_STACK_FRAMES);
	atomic_store(&place->state, LIVE);
	return place->block;
}

static struct place *demand_guarded(const void *block, const char *verb)
{
	struct place *place = place_at((uintptr_t)block);
	unsigned char state = atomic_load(&place->state);

	if (HP_LIKELY(state == LIVE && place->block == block))
		return place;
	if (state == FREED && place->block == block)
		hp_warn(*verb == 'f' ? "double %s of %p (%zu-byte block)"
				     : "%s of %p, which is free (%zu-byte block)",
			verb, block, place->bytes);
	else
		hp_warn("%s of %p, which points into a block or between blocks", verb, block);
	die(place);
}

size_t hp_guard_usable(const void *block, const char *verb)
{
	return demand_guarded(block, verb)->bytes;
}

static bool is_whole(const struct place *place)
{
	const char *page = page_of((size_t)(place - guard.places));

	for (const char *at = place->block + place->bytes; at < page + HP_PAGE_BYTES; at++) {
		if (*at != (char)FILL)
			return false;
	}
	return true;
}

/* Beside others that take and give them. */
uint64_t hp_guard_count(void)
{
	uint64_t blocks = 0;

	for (size_t i = 0; guard.places && i < PLACES; i++)
		blocks +=
			atomic_load_explicit(&guard.places[i].state, memory_order_relaxed) == LIVE;
	return blocks;
}

void hp_guard_give(void *block)
{
	struct place *place = demand_guarded(block, "free");
	char *page = page_of((size_t)(place - guard.places));
	unsigned char state = LIVE;

	if (!atomic_compare_exchange_strong(&place->state, &state, BUSY))
		demand_guarded(block, "free");
	if (!is_whole(place)) {
		hp_warn("free of %p, which was written to beyond its end", block);
		die(place);
	}
	hp_stack_get(place->freed.frames, HP_STACK_FRAMES);
	hp_os_purge(page, HP_PAGE_BYTES);
	hp_os_seal(page, HP_PAGE_BYTES);
	atomic_store(&place->state, FREED);
}

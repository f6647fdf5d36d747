/*
 * See release.h. A word is the whole of what is known of one range, and belongs to whoever took it
 * out of its place: no order with other memory is needed. Where all places are taken, only address
 * space is lost.
 */
#include "rt/release.h"

#include <stdatomic.h>
#include <stdint.h>

#include "base/check.h"
#include "os/os.h"

enum {
	PLACES = 64,
	PAGES_BITS = 28, /* of a word; the rest is its address, of 48 bits */
};

static _Atomic uint64_t kept[PLACES];

static void *address_of(uint64_t range)
{
	return (void *)(uintptr_t)((range >> PAGES_BITS) * HP_PAGE_BYTES);
}

static size_t bytes_of(uint64_t range)
{
	return (range & (((uint64_t)1 << PAGES_BITS) - 1)) * HP_PAGE_BYTES;
}

static void keep(uint64_t range)
{
	for (unsigned i = 0; i < PLACES; i++) {
		uint64_t none = 0;

		if (atomic_compare_exchange_strong_explicit(
			    &kept[i], &none, range, memory_order_relaxed, memory_order_relaxed))
			return;
	}
}

static int let_go(uint64_t range)
{
	int error = hp_os_release(address_of(range), bytes_of(range));

	if (error) {
		hp_os_purge(address_of(range), bytes_of(range));
		keep(range);
	}
	return error;
}

int hp_release_rest(void)
{
	int error = 0;

	for (unsigned i = 0; i < PLACES && !error; i++) {
		uint64_t range = atomic_load_explicit(&kept[i], memory_order_relaxed);

		if (range)
			range = atomic_exchange_explicit(&kept[i], 0, memory_order_relaxed);
		if (range)
			error = let_go(range);
	}
	return error;
}

int hp_release(void *address, size_t bytes)
{
	uint64_t range = (uintptr_t)address / HP_PAGE_BYTES << PAGES_BITS | bytes / HP_PAGE_BYTES;

	HP_ASSERT(address_of(range) == address && bytes_of(range) == bytes);
	hp_release_rest();
	return let_go(range);
}

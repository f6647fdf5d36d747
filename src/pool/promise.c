/*
 * See promise.h. A promise that can't be let off at once is remembered: it keeps its pages from
 * everybody. Until it is gone no other is asked for, so there are at most as many as threads that
 * asked at the same moment.
 *
 * A word is the whole of what is known of one, and belongs to whoever took it out of its place: no
 * order with other memory is needed.
 */
#include "pool/promise.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/check.h"
#include "os/os.h"

enum { PLACES = 16 };

/* Address of the first page, and in the bits that it has to spare, how many. */
static _Atomic uintptr_t kept[PLACES];

static void keep(uintptr_t promise)
{
	for (unsigned i = 0; i < PLACES; i++) {
		uintptr_t none = 0;

		if (atomic_compare_exchange_strong_explicit(
			    &kept[i], &none, promise, memory_order_relaxed, memory_order_relaxed))
			return;
	}
}

static int let_off(uintptr_t promise)
{
	uintptr_t pages = promise % HP_HUGEPAGE_BYTES;
	int error = hp_os_release((void *)(promise - pages), pages * HP_HUGEPAGE_BYTES);

	if (error)
		keep(promise);
	return error;
}

static int let_off_kept(void)
{
	int error = 0;

	for (unsigned i = 0; i < PLACES && !error; i++) {
		uintptr_t promise = atomic_load_explicit(&kept[i], memory_order_relaxed);

		if (promise)
			promise = atomic_exchange_explicit(&kept[i], 0, memory_order_relaxed);
		if (promise)
			error = let_off(promise);
	}
	return error;
}

int hp_promise_try(int fd, size_t bytes)
{
	void *address = NULL;
	int error = let_off_kept();

	HP_ASSERT(bytes / HP_HUGEPAGE_BYTES < HP_HUGEPAGE_BYTES);
	if (!error)
		error = hp_os_huge_reserve(fd, bytes, &address);
	if (!error)
		let_off((uintptr_t)address + bytes / HP_HUGEPAGE_BYTES);
	return error;
}

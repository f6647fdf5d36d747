/* See seal.h. Junk: the whole of a block, or both ends of one beyond 1 MB. */
#include "span/seal.h"

#include <string.h>

#include "base/bits.h"
#include "span/large.h"

enum { JUNK = 0xdf };

#define END_BYTES ((size_t)512 << 10)

bool hp_seal_claim(struct hp_span *large)
{
	return !__atomic_exchange_n(&large->state, 1, __ATOMIC_ACQ_REL);
}

static bool is_protected(const struct hp_span *large)
{
	struct hp_units units = hp_span_units(large);
	size_t last = (units.first + units.count - 1) / HP_SLOT_UNITS;

	for (size_t slot = units.first / HP_SLOT_UNITS; slot <= last; slot++) {
		if (units.region->slots[slot].mapping == HP_MAPPING_HUGE)
			return false;
	}
	return true;
}

static size_t end_bytes(const struct hp_span *large)
{
	return hp_min(END_BYTES, hp_large_bytes(large) / 2);
}

/* Where the system refuses, for want of mappings, the block is as open as without hardening. */
void hp_seal_close(const struct hp_span *large)
{
	char *start = hp_span_start(large);
	size_t ends = end_bytes(large);

	if (is_protected(large)) {
		hp_os_seal(start, hp_large_bytes(large));
		return;
	}
	memset(start, JUNK, ends);
	memset(start + hp_large_bytes(large) - ends, JUNK, ends);
}

static bool is_junk(const char *at, size_t bytes)
{
	return *at == (char)JUNK && !memcmp(at, at + 1, bytes - 1);
}

bool hp_seal_is_whole(const struct hp_span *large)
{
	const char *start = hp_span_start(large);
	size_t ends = end_bytes(large);

	return is_protected(large) ||
	       (is_junk(start, ends) && is_junk(start + hp_large_bytes(large) - ends, ends));
}

bool hp_seal_open(const struct hp_span *large)
{
	return !is_protected(large) || hp_os_unseal(hp_span_start(large), hp_large_bytes(large));
}

/* See reserve.h. */
#include <inttypes.h>
#include <string.h>

#include "common/amounts.h"
#include "common/say.h"
#include "pool/pools.h"
#include "pool/reserve.h"

static void say_change(const struct hp_pool_change *change)
{
	char before[HP_AMOUNT_BYTES];

	hp_pool_say_change(change);
	hp_amount_exact(before, change->before * change->page_bytes);
	if (change->after != change->before)
		hp_say("'hpalloc pool --set %s' gives that back", before);
}

int hp_reserve_pages(uint64_t bytes, struct hp_pool_change *out_change)
{
	uint64_t needed = hp_pages_for(bytes, HP_HUGEPAGE_BYTES), available;
	struct hp_pools pools = { 0 };
	const struct hp_pool *pool;
	int error = hp_pools_read(&pools);

	*out_change =
		(struct hp_pool_change){ .page_bytes = HP_HUGEPAGE_BYTES, .node = HP_ALL_NODES };
	pool = error ? NULL : hp_pools_find(&pools, HP_HUGEPAGE_BYTES, HP_ALL_NODES);
	available = pool ? hp_pool_available(pool) : 0;
	if (pool && available < needed)
		out_change->target = pool->total - pool->surplus + (needed - available);
	hp_pools_done(&pools);
	if (pool && available >= needed)
		return 0;
	return error ? error : hp_pool_resize(out_change);
}

void hp_reserve(uint64_t bytes)
{
	struct hp_pool_change change;
	int error = hp_reserve_pages(bytes, &change);

	if (error)
		hp_pool_say_error(&change, error);
	else if (change.target)
		say_change(&change);
}

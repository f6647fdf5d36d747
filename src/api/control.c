/* What the program may ask the heap to do. */
#include <errno.h>
#include <hpalloc/hpalloc.h>

#include "api/init.h"
#include "arena/gate.h"
#include "arena/registry.h"
#include "arena/thread.h"
#include "rt/counters.h"
#include "span/units.h"

/* Memory that is held, to see whether anything went back. */
static uint64_t held_bytes(void)
{
	struct hp_stats stats;

	hp_counters_get(&stats);
	return stats.heap_bytes - stats.purged_bytes;
}

int hp_trim(size_t keep_bytes)
{
	int kept_errno = errno;
	struct hp_arena *arena;
	uint64_t before;

	hp_init();
	before = held_bytes();
	arena = hp_thread_arena();
	hp_thread_flush();
	if (hp_arena_is_real(arena)) {
		hp_gate_enter(arena);
		hp_registry_settle_all();
		hp_units_trim();
		hp_pool_trim(keep_bytes / HP_HUGEPAGE_BYTES);
		hp_gate_leave(arena);
		hp_registry_drain(1);
	}
	errno = kept_errno;
	return held_bytes() < before;
}

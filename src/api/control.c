/* What the program may ask the heap to do. */
#include <errno.h>
#include <hpalloc/hpalloc.h>

#include "api/control.h"
#include "api/init.h"
#include "api/standard_name.h"
#include "arena/gate.h"
#include "arena/registry.h"
#include "arena/thread.h"
#include "pool/pool.h"
#include "rt/counters.h"
#include "span/trim.h"

/* Memory that ever went back, to see whether some did. */
static uint64_t bytes_given(void)
{
	struct hp_stats stats;

	hp_counters_get(&stats);
	return stats.purged_bytes + stats.hugepages_given * HP_HUGEPAGE_BYTES;
}

bool hp_control_release(size_t keep_bytes)
{
	uint64_t before = bytes_given();
	struct hp_arena *arena = hp_thread_arena();

	hp_thread_settle(HP_SETTLE_AND_RELEASE);
	if (!hp_arena_is_real(arena))
		return false;
	hp_gate_enter(arena);
	hp_registry_settle_all();
	hp_trim_all();
	hp_pool_trim(keep_bytes / HP_HUGEPAGE_BYTES);
	hp_gate_leave(arena);
	return bytes_given() > before;
}

int hp_trim(size_t keep_bytes)
{
	int kept_errno = errno;
	bool any;

	hp_init();
	any = hp_control_release(keep_bytes);
	if (hp_arena_is_real(hp_mine))
		hp_registry_drain(1);
	errno = kept_errno;
	return any;
}

HP_STANDARD_NAME(malloc_trim, hp_trim);

/* What the program may ask the heap to do. */
#include <errno.h>
#include <hpalloc/hpalloc.h>

#include "api/control.h"
#include "api/init.h"
#include "api/section.h"
#include "api/standard_name.h"
#include "arena/explicit.h"
#include "arena/registry.h"
#include "pool/pool.h"
#include "pool/reserve.h"
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
	hp_explicit_release_all();
	hp_trim_all();
	hp_pool_trim(keep_bytes / HP_HUGEPAGE_BYTES);
	hp_pool_vacate();
	hp_gate_leave(arena);
	return bytes_given() > before;
}

int hp_trim(size_t keep_bytes)
{
	int kept_errno = errno;
	bool any;

	hp_init();
	hp_reserve(0);
	any = hp_control_release(keep_bytes);
	if (hp_arena_is_real(hp_mine))
		hp_registry_drain(1);
	errno = kept_errno;
	return any;
}

void hp_thread_idle(void)
{
	struct hp_arena *arena = hp_mine;
	int kept_errno = errno;

	if (!hp_arena_is_real(arena))
		return;
	hp_thread_settle(HP_SETTLE_AND_RELEASE);
	hp_gate_enter(arena);
	hp_explicit_release_mine();
	hp_gate_leave(arena);
	errno = kept_errno;
}

size_t hp_pool_reserve(size_t bytes)
{
	int kept_errno = errno;
	struct hp_arena *arena;
	size_t slots;

	hp_init();
	arena = hp_section_enter(hp_thread_arena());
	slots = hp_reserve(bytes / HP_HUGEPAGE_BYTES + (bytes % HP_HUGEPAGE_BYTES != 0));
	hp_section_leave(arena);
	errno = kept_errno;
	return slots * HP_HUGEPAGE_BYTES;
}

HP_STANDARD_NAME(malloc_trim, hp_trim);

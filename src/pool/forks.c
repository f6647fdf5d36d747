/* See forks.h. */
#include "pool/forks.h"

#include <stdatomic.h>

#include "os/os.h"

enum {
	COSTLY_FORKS = 3,
	COSTLY_FORK_MS = 60000, /* so long after the last one they are forgotten */
};

static struct {
	_Atomic unsigned count;
	_Atomic uint64_t last_ms;
} costly;

void hp_forks_note_costly(void)
{
	uint64_t now_ms = hp_os_now_ms();

	if (now_ms - atomic_load_explicit(&costly.last_ms, memory_order_relaxed) > COSTLY_FORK_MS)
		atomic_store_explicit(&costly.count, 0, memory_order_relaxed);
	atomic_store_explicit(&costly.last_ms, now_ms, memory_order_relaxed);
	atomic_fetch_add_explicit(&costly.count, 1, memory_order_relaxed);
}

bool hp_forks_are_costly(uint64_t now_ms)
{
	unsigned forks = atomic_load_explicit(&costly.count, memory_order_relaxed);

	if (forks < COSTLY_FORKS)
		return false;
	if (now_ms - atomic_load_explicit(&costly.last_ms, memory_order_relaxed) <= COSTLY_FORK_MS)
		return true;
	atomic_store_explicit(&costly.count, 0, memory_order_relaxed);
	return false;
}

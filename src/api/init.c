/*
 * See init.h. The first malloc may come from the loader, before any constructor: then the options
 * have their defaults until ours runs.
 */
#include "api/init.h"

#include <stdatomic.h>

#include "api/audit.h"
#include "api/copy.h"
#include "api/fork.h"
#include "api/harden.h"
#include "api/publish.h"
#include "api/sample.h"
#include "api/snapshot.h"
#include "api/stats_exit.h"
#include "api/watch.h"
#include "arena/gate.h"
#include "arena/thread.h"
#include "base/check.h"
#include "os/os.h"
#include "pool/pool.h"
#include "rt/options.h"

enum progress { NOT_YET, RUNNING, DONE };

static _Atomic int progress;

/* Whoever calls malloc in here is served as a guest, from the late arena. */
static void start(void)
{
	struct hp_arena *before = hp_mine;

	hp_arena_become(&hp_arena_starting);
	HP_CHECK(!hp_os_check_machine(), "this build needs pages of %zu bytes", HP_PAGE_BYTES);
	hp_pool_init();
	hp_gate_init();
	HP_CHECK(!hp_thread_init(), "no thread-specific key is left");
	hp_fork_init();
	hp_arena_become(before);
}

void hp_init(void)
{
	int expected = NOT_YET;

	if (HP_LIKELY(atomic_load_explicit(&progress, memory_order_acquire) == DONE))
		return;
	if (atomic_compare_exchange_strong(&progress, &expected, RUNNING)) {
		start();
		atomic_store_explicit(&progress, DONE, memory_order_release);
		return;
	}
	while (hp_mine != &hp_arena_starting &&
	       atomic_load_explicit(&progress, memory_order_acquire) != DONE)
		hp_os_yield();
}

void hp_init_before_locals(void)
{
	if (!hp_mine)
		hp_arena_become(&hp_arena_starting);
}

/*
 * The first constructor of all (-z initfirst): our fork handlers must be registered before any
 * other, for those run inside ours. The C library has no environment of its own yet, but hands us
 * the process's. Not __attribute__((constructor)): link-time optimisation joins those into one, and
 * loses the arguments.
 */
HP_HIDDEN void hp_init_construct(int argc, char **argv, char **environment);

__attribute__((used)) void hp_init_construct(int argc, char **argv, char **environment)
{
	(void)argc;
	(void)argv;
	hp_init();
	hp_snapshot_init();
	hp_options_read(environment);
	hp_harden_init();
	hp_backing_init();
	if (hp_copy_is_shadowed())
		return;
	hp_sample_init();
	hp_watch_init();
	hp_publish_init(environment);
	hp_stats_exit_init();
}

/* By hand: a variable in this section clashes with constructors that the compiler puts there. */
__asm__(".pushsection .init_array, \"aw\", @init_array\n"
	".balign 8\n"
	".8byte hp_init_construct\n"
	".popsection");

__attribute__((destructor)) static void destruct(void)
{
	hp_audit();
	hp_watch_end();
}

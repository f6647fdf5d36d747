/* See gate.h. */
#include "arena/gate.h"

#include "arena/registry.h"
#include "base/lock.h"
#include "os/os.h"

enum { OUTWAIT_MS = 20, OUTWAIT_YIELDS = 1000000 };

struct hp_gate hp_gate;

/* Held by prepare until the fork is done: who waits, waits here. */
static struct hp_lock forking = HP_LOCK_INIT(HP_RANK_GATE);

/* From now on every thread fences for itself. */
static void do_without_barrier(void)
{
	atomic_store(&hp_gate.needs_fence, true);
	atomic_store(&hp_gate.is_slow, true);
}

void hp_gate_init(void)
{
	if (hp_os_barrier_register())
		do_without_barrier();
}

/*
 * The kernel forbids the barrier after all (a seccomp filter). Who passed without a fence before it
 * could see is_slow, may have its flag in the store buffer of its processor still: such a buffer
 * empties by itself, within microseconds. Once in a process.
 */
static void outwait_store_buffers(void)
{
	uint64_t end_ms = hp_os_now_ms() + OUTWAIT_MS;

	/* Bounded, for the clock may be forbidden, too. */
	for (unsigned i = 0; i < OUTWAIT_YIELDS && hp_os_now_ms() < end_ms; i++)
		hp_os_yield();
}

static void wait_for_fork(void)
{
	hp_lock_acquire(&forking);
	hp_lock_release(&forking);
}

void hp_gate_enter_slow(struct hp_arena *arena)
{
	atomic_thread_fence(memory_order_seq_cst);
	while (atomic_load_explicit(&hp_gate.is_closed, memory_order_relaxed) &&
	       !hp_lock_has_process()) {
		hp_gate_leave(arena);
		wait_for_fork();
		atomic_store_explicit(&arena->busy, true, memory_order_relaxed);
		atomic_thread_fence(memory_order_seq_cst);
	}
}

/*
 * Sequentially consistent, as prepare's store and loads are: one of both sees the other. The fence
 * is for what a guest finds on the list of arenas: its partner is the grace period before
 * hp_gate_await_guests(), which either sees the guest, or the guest what was unlinked.
 */
void hp_gate_enter_guest(void)
{
	for (;;) {
		atomic_fetch_add(&hp_gate.guests, 1);
		atomic_thread_fence(memory_order_seq_cst);
		if (!atomic_load(&hp_gate.is_closed) || hp_lock_has_process())
			return;
		atomic_fetch_sub(&hp_gate.guests, 1);
		wait_for_fork();
	}
}

void hp_gate_leave_guest(void)
{
	atomic_fetch_sub(&hp_gate.guests, 1);
}

void hp_gate_await_guests(void)
{
	while (atomic_load(&hp_gate.guests))
		hp_os_yield();
}

static void await_arena(struct hp_arena *arena, void *unused)
{
	(void)unused;
	while (arena != hp_mine && atomic_load_explicit(&arena->busy, memory_order_acquire))
		hp_os_yield();
}

void hp_gate_close(void)
{
	hp_lock_acquire(&forking);
	atomic_store(&hp_gate.is_closed, true);
	atomic_store(&hp_gate.is_slow, true);
	if (!atomic_load(&hp_gate.needs_fence) && hp_os_barrier_all()) {
		do_without_barrier();
		outwait_store_buffers();
	}
	atomic_thread_fence(memory_order_seq_cst);
	hp_gate_await_guests();
	hp_registry_walk(await_arena, NULL);
}

static void open_for_all(void)
{
	atomic_store(&hp_gate.is_closed, false);
	atomic_store(&hp_gate.is_slow, atomic_load(&hp_gate.needs_fence));
}

void hp_gate_open(void)
{
	open_for_all();
	hp_lock_release(&forking);
}

void hp_gate_reset(void)
{
	hp_lock_reset(&forking);
	atomic_store(&hp_gate.guests, 0);
	open_for_all();
}

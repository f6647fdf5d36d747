/* See lock.h. Ranks are checked in debug builds, by a per-thread mask of the ranks held. */
#include "base/lock.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/check.h"

/* The address of a thread-local names the thread: it is alive as long as the thread is. */
static __thread uint32_t ranks_held;

/* Written under all locks; a reader that is not the holder sees another value or NULL. */
static _Atomic(const uint32_t *) process_holder;

bool hp_lock_has_process(void)
{
	return HP_UNLIKELY(atomic_load_explicit(&process_holder, memory_order_relaxed) ==
			   &ranks_held);
}

void hp_lock_hold_process(void)
{
	atomic_store_explicit(&process_holder, &ranks_held, memory_order_relaxed);
}

void hp_lock_let_process(void)
{
	atomic_store_explicit(&process_holder, NULL, memory_order_relaxed);
}

void hp_lock_acquire(struct hp_lock *lock)
{
	if (hp_lock_has_process())
		return;
	HP_ASSERT(!(ranks_held >> lock->rank));
	pthread_mutex_lock(&lock->mutex);
	if (HP_DEBUG_CHECKS)
		ranks_held |= 1u << lock->rank;
}

void hp_lock_release(struct hp_lock *lock)
{
	if (hp_lock_has_process())
		return;
	HP_ASSERT(hp_lock_is_held(lock));
	if (HP_DEBUG_CHECKS)
		ranks_held &= ~(1u << lock->rank);
	pthread_mutex_unlock(&lock->mutex);
}

bool hp_lock_is_held(const struct hp_lock *lock)
{
	return !HP_DEBUG_CHECKS || hp_lock_has_process() || (ranks_held & 1u << lock->rank);
}

void hp_lock_reset(struct hp_lock *lock)
{
	static const pthread_mutex_t fresh = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;

	memcpy(&lock->mutex, &fresh, sizeof(fresh));
	if (HP_DEBUG_CHECKS)
		ranks_held &= ~(1u << lock->rank);
}

/*
 * A lock with a rank, taken in rising order only, and a whole-process hold for fork.
 *
 * While a thread holds the process (hp_lock_hold_process), it passes every lock: fork's prepare
 * handler has them all, and handlers that run after it in the same thread still use the heap.
 * No system call that may block, no RCU wait and no call upwards happens under a lock.
 */
#ifndef HP_BASE_LOCK_H
#define HP_BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>

/* The order in which one thread may take locks: rising. */
enum hp_lock_rank {
	HP_RANK_GATE = 1,      /* arena: held while a fork goes on */
	HP_RANK_REGISTRY,      /* arena: the list of arenas */
	HP_RANK_EXPLICIT_LIST, /* arena: the list of explicit arenas */
	HP_RANK_EXPLICIT,      /* arena: one of them */
	HP_RANK_UNITS,	       /* span: which units of a hugepage are free */
	HP_RANK_POOL,	       /* pool: which slots are free, and regions */
	HP_RANK_RECLAIM,       /* rt: retired memory awaiting its grace period */
	HP_RANK_META,	       /* rt: metadata memory */
};

struct hp_lock {
	pthread_mutex_t mutex;
	enum hp_lock_rank rank;
};

#define HP_LOCK_INIT(lock_rank)                                                                    \
	{                                                                                          \
		.mutex = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP, .rank = (lock_rank)                \
	}

void hp_lock_acquire(struct hp_lock *lock);
void hp_lock_release(struct hp_lock *lock);

/* Debug builds only: whether the caller holds it; true in others. */
bool hp_lock_is_held(const struct hp_lock *lock);

/* Whether this thread holds the process for a fork. */
bool hp_lock_has_process(void);

/* For fork: every later hp_lock_acquire of this thread passes, until it is let go. */
void hp_lock_hold_process(void);
void hp_lock_let_process(void);

/* In the child of a fork: makes a lock that prepare held free, whoever waited for it is gone. */
void hp_lock_reset(struct hp_lock *lock);

#endif

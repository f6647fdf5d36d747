/*
 * Deferred reuse of memory that others may still be looking at: read sections and grace periods
 * of liburcu (the bp flavour). The only module that knows liburcu.
 *
 * Beside each other: read sections and retire by any threads. hp_reclaim_drain() waits for a grace
 * period: never inside a read section, under a lock, on malloc's path or in a signal handler.
 */
#ifndef HP_RT_RECLAIM_H
#define HP_RT_RECLAIM_H

#include <stdbool.h>

/* Embedded in what is retired. */
struct hp_retired {
	struct hp_retired *next;
};

/*
 * Makes the calling thread's later read sections free of any allocation. May call malloc: no lock
 * held, and the caller's own re-entry guarded. False if there is no memory: then no read section of
 * this thread may begin, for liburcu would end the program.
 */
bool hp_reclaim_register_thread(void);

void hp_reclaim_read_begin(void);
void hp_reclaim_read_end(void);

/* The object was unlinked: no new reader can find it. */
void hp_reclaim_retire(struct hp_retired *object);

/*
 * If `at_least` or more objects are retired, waits until no reader can see them and hands each to
 * `release`. Returns whether any were.
 */
bool hp_reclaim_drain(unsigned at_least, void (*release)(struct hp_retired *object));

/* Around fork: before all locks, and after them. */
void hp_reclaim_before_fork(void);
void hp_reclaim_after_fork_parent(void);
void hp_reclaim_after_fork_child(void);

/* For fork: the list of retired objects. */
void hp_reclaim_lock(void);
void hp_reclaim_unlock(void);
void hp_reclaim_reset(void);

#endif

/*
 * The last resort where pages of the pool are shared copy-on-write: a write for which the pool has
 * no page is SIGBUS, on either side of a fork. The slot's content then moves to normal memory, and
 * the write is tried again.
 *
 * That happens after a fork that ran no handlers (_Fork, clone), that had no memory for a snapshot,
 * or whose pages another process took. What it cannot mend: SIGBUS blocked in the thread, or
 * SIGSEGV where another thread is at it (the kernel ends the process), and a system call that
 * writes to the block (EFAULT). What the program asked of the slot's pages is lost: mlock(),
 * MADV_DONTDUMP, protection keys.
 */
#ifndef HP_POOL_RESCUE_H
#define HP_POOL_RESCUE_H

#include <stdbool.h>

/*
 * From now on, or again if the program took the signal: before pages are shared. On a slow path,
 * one thread at a time.
 */
void hp_rescue_arm(void);

#endif

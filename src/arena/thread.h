/*
 * A thread's life with its arena: first use, end, and what comes before and after.
 *
 * hp_mine goes none -> starting -> its arena -> dead. While it is starting or dead the thread is a
 * guest: it allocates from the late arena and hands what it frees over block by block.
 */
#ifndef HP_ARENA_THREAD_H
#define HP_ARENA_THREAD_H

#include "arena/arena.h"

/* Once, at start-up: whether the ends of threads will be noticed. */
int hp_thread_init(void);

/*
 * The calling thread's arena, made or adopted at its first use. One of the stand-ins where the
 * thread has none now. The gate is not to be passed yet; no lock.
 */
struct hp_arena *hp_thread_arena(void);

/*
 * The same for a free: a thread that never allocated stays a guest for its first few frees. It may
 * be past its destructors (glibc frees what it cached of other threads), and would leave an arena
 * that nobody ends.
 */
struct hp_arena *hp_thread_arena_to_free(void);

enum hp_settle { HP_SETTLE, HP_SETTLE_AND_RELEASE };

/*
 * What others freed of the calling thread's comes home, what it freed of theirs goes; empty slabs
 * that it keeps are released on request.
 */
void hp_thread_settle(enum hp_settle how);

#endif

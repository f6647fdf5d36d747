/*
 * Explicit arenas: parts of the heap that a program makes for itself, empties at once, limits, and
 * puts on pages of its choice.
 *
 * What hpalloc.h says of all functions and blocks holds here, too. And:
 *
 *  - A block of an arena is a block like any other: hp_free(), hp_realloc(),
 *    hp_malloc_usable_size() and the sized frees take it, in any thread; under the preload library
 *    free() and realloc() do. realloc moves it within its arena.
 *  - An arena is shared, behind a lock, or bound to the thread that made it, without one: then
 *    another thread may not call a function of this header on it, nor a realloc of its blocks that
 *    has to move them; to do so ends the program with a line, where it is noticed, which is always
 *    in functions of this header. Such a thread may free a block: the arena has it back when its
 *    thread next needs memory of that size, or resets it.
 *  - No block waits in a thread's cache or outbox, so that reset and destroy are exact: they end
 *    all blocks of the arena and nothing else. No thread may use one or free it at the same time
 *    or later. A free of one then ends the program with a line, until its memory is a block again.
 *  - When its thread ends, a bound arena stays, for its blocks may be in use: they can be read,
 *    written and freed. hp_arena_destroy() is all that may be called on it, by any thread.
 *  - In the child of a fork shared arenas and those of the forking thread are as in the parent. Of
 *    the others the threads are gone: see above.
 *  - HPALLOC_HARDEN: blocks are checked as others are, and in a reset, too; but a freed one can be
 *    allocated again at once, and none is between guard pages.
 *  - HPALLOC_TRACE, HPALLOC_PROFILE and hp_stats_get_arenas() have them as well: there a reset, or
 *    the end of an arena, is a free of each of its blocks.
 */
#ifndef HPALLOC_ARENA_H
#define HPALLOC_ARENA_H

#include <hpalloc/hpalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hp_arena;

enum hp_arena_use {
	HP_ARENA_SHARED, /* by all threads */
	HP_ARENA_BOUND	 /* by the thread that makes it */
};

/*
 * What an arena's memory stands on. Another backing than the process's has hugepages of its own,
 * of 2 MB each: its first block takes one, nobody else uses what is left of it, and it goes back,
 * without being kept idle, when no block is left on it.
 */
enum hp_arena_backing {
	HP_ARENA_BACKING_DEFAULT, /* HPALLOC_BACKING */
	HP_ARENA_BACKING_AUTO,	  /* and so on: its values, and what they mean */
	HP_ARENA_BACKING_HUGETLB,
	HP_ARENA_BACKING_THP,
	HP_ARENA_BACKING_BASE
};

#define HP_ARENA_NAME_BYTES 32

/* All zero is a shared arena without name and limit. */
struct hp_arena_options {
	const char *name; /* is copied, up to HP_ARENA_NAME_BYTES - 1 bytes of it; or NULL */
	/*
	 * What the arena may hold, 0 for all there is. It holds memory in units of 16 KiB: a large
	 * block (above 128 KiB) takes what it needs, smaller ones share one unit, or some, with
	 * others of about their size.
	 */
	uint64_t limit_bytes;
	enum hp_arena_use use;
	enum hp_arena_backing backing;
};

/*
 * A new arena. The first `options_bytes` bytes of *options count, which is sizeof(struct
 * hp_arena_options): a program built against an older header goes on working; what is beyond is
 * zero. `options` may be NULL where that is 0. NULL with ENOMEM, or with EINVAL for a value that is
 * none, or options_bytes above the library's own. To be ended by hp_arena_destroy().
 */
HP_PUBLIC struct hp_arena *hp_arena_create(const struct hp_arena_options *options,
					   size_t options_bytes) HP_WARN_UNUSED;

/*
 * As hp_malloc(), hp_calloc() and hp_aligned_alloc(), from this arena. ENOMEM also where its limit
 * forbids more, though what is empty has been given back. (Nothing is taken from another malloc.)
 */
HP_PUBLIC void *hp_arena_malloc(struct hp_arena *arena, size_t bytes)
	HP_ALLOC_SIZE(2) HP_WARN_UNUSED;
HP_PUBLIC void *hp_arena_calloc(struct hp_arena *arena, size_t count, size_t bytes)
	HP_ALLOC_SIZE(2, 3) HP_WARN_UNUSED;
HP_PUBLIC void *hp_arena_aligned_alloc(struct hp_arena *arena, size_t align, size_t bytes)
	HP_ALLOC_ALIGNED(2, 3) HP_WARN_UNUSED;

/*
 * As hp_realloc(), of a block of this arena, or NULL. A block of another one, or of none, ends the
 * program with a line.
 */
HP_PUBLIC void *hp_arena_realloc(struct hp_arena *arena, void *block, size_t bytes) HP_WARN_UNUSED;

/*
 * Frees all blocks of the arena at once; it can be used again from then on. What another thread
 * takes from a shared arena at that moment is freed, or not. Keeps up to 1 MB, of
 * what it is seen to take again after each reset, for the next time, and gives the rest back. Costs
 * some microseconds a megabyte. Keeps errno.
 */
HP_PUBLIC void hp_arena_reset(struct hp_arena *arena);

/*
 * Ends the arena with all its blocks: all memory goes back. NULL is allowed and does nothing. A
 * later use of `arena` ends the program with a line, until hp_arena_create() returns it again.
 * Keeps errno.
 */
HP_PUBLIC void hp_arena_destroy(struct hp_arena *arena);

/* What one arena holds, exact as of one moment. Bytes, but for the last ones. */
struct hp_arena_stats {
	char name[HP_ARENA_NAME_BYTES];
	uint64_t limit_bytes;	/* 0: none */
	uint64_t held_bytes;	/* what counts for the limit; the sum of the next three */
	uint64_t hugetlb_bytes; /* ... of it on pages of the hugetlb pool */
	uint64_t thp_bytes;	/* ... of it on transparent huge pages */
	uint64_t base_bytes;	/* ... of it on base pages */
	uint64_t peak_bytes;	/* the most that held_bytes ever was */
	uint64_t in_use_bytes;	/* usable bytes of its blocks */
	uint64_t large_bytes;	/* ... of it in large blocks */
	uint64_t blocks;	/* handed out, and not free or on their way back */
	uint64_t resets;	/* since it was made */
	uint64_t refused;	/* requests that the limit forbade, since it was made */
};

/*
 * Fills the first `stats_bytes` bytes of *out_stats, which is sizeof(struct hp_arena_stats), as
 * hp_stats_get() does. Returns 0, or EINVAL if stats_bytes is larger than the library's own
 * structure. Walks the arena: some nanoseconds for each 16 KiB.
 */
HP_PUBLIC int hp_arena_stats_get(struct hp_arena *arena, struct hp_arena_stats *out_stats,
				 size_t stats_bytes);

#ifdef __cplusplus
}
#endif

#endif

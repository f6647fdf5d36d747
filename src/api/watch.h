/*
 * What the functions of api/ do while a trace is recorded: as ever, and the event is handed on.
 * Nothing of it is on a hit path, for then there are no hits: hp_self is &hp_arena_watched. The
 * blocks come from where they would come from otherwise, hardened or not.
 */
#ifndef HP_API_WATCH_H
#define HP_API_WATCH_H

#include "api/block.h"
#include "arena/explicit.h"

/* Once, from the constructor: HPALLOC_TRACE. And when the program exits. */
void hp_watch_init(void);
void hp_watch_end(void);

/*
 * Outside any section: false, with a line that says so, if other threads have arenas already, whose
 * hits could not be kept from hitting.
 */
bool hp_watch_is_possible(const char *variable);

/*
 * hp_block_take() and hp_block_give(). `caller` is the return address of the function that was
 * called; these must be entered by a jump from it, where its frame is needed.
 */
void *hp_watch_take(size_t bytes, size_t align_bytes, enum hp_content content, const void *caller);
void hp_watch_give(void *block, const void *caller);

/* Blocks of explicit arenas: one was handed out; all that an arena has are about to be freed. */
void hp_watch_taken(void *block, size_t bytes, size_t align_bytes, enum hp_content content,
		    const void *caller);
void hp_watch_empty(struct hp_explicit *explicit, const void *caller);

static inline bool hp_watch_is_tracing(void)
{
	return HP_UNLIKELY(hp_watch & HP_WATCH_TRACE);
}

/* hp_realloc(), where hp_watch is set. */
void *hp_watch_realloc(void *block, size_t bytes, const void *caller);

#endif

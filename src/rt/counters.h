/*
 * The counters that the pool keeps, in the form that is published (hpalloc/publish.h): first in a
 * page of our own, then, if HPALLOC_PUBLISH asks for it, in the file.
 */
#ifndef HP_RT_COUNTERS_H
#define HP_RT_COUNTERS_H

#include <stdbool.h>

#include <hpalloc/publish.h>

/* Written under the pool lock, between begin and end; read by anyone as of some moment. */
struct hp_stats *hp_counters_begin(void);
void hp_counters_end(void);

/* A copy; may be torn between fields, not within one. */
void hp_counters_get(struct hp_stats *out_stats);

/*
 * Goes on in `page`, which the caller has mapped; under the pool lock. False if it is meant for
 * another process.
 */
bool hp_counters_publish(struct hp_published *page, int pid);

/* What a reader asks for, and has not got yet; 0: nothing. For who publishes. */
uint64_t hp_counters_asked(void);

/* The answer: what a walk found, under the pool lock. */
void hp_counters_answer(uint64_t asked, const struct hp_stats *stats, uint64_t now_ms);

/* For fork, under the pool lock: the page stays the parent's, the child goes on with a copy. */
void hp_counters_before_fork(void);
void hp_counters_after_fork_child(void);

/* The published page, or NULL. */
struct hp_published *hp_counters_page(void);

#endif

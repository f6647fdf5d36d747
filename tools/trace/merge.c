/* See merge.h. */
#include <errno.h>
#include <stdlib.h>

#include "trace/merge.h"

/* For how long an event waits for what makes it possible: a realloc is recorded when it is over. */
#define WAIT_FOR_FREE_NS 2e9
#define WAIT_FOR_MALLOC_NS 2e4

static size_t count_threads(const struct hp_tape *tape)
{
	size_t count = 0;

	for (size_t i = 0; i < tape->block_count; i++) {
		if (i == 0 || tape->blocks[i].head.thread != tape->blocks[i - 1].head.thread)
			count++;
	}
	return count;
}

/* ---- a heap by time ---- */

static bool is_before(const struct hp_merge_thread *a, const struct hp_merge_thread *b)
{
	return a->next.time != b->next.time ? a->next.time < b->next.time
					    : a->next.thread < b->next.thread;
}

static void swap(struct hp_merge_thread **a, struct hp_merge_thread **b)
{
	struct hp_merge_thread *kept = *a;

	*a = *b;
	*b = kept;
}

static void sift_down(struct hp_merge *merge, size_t at)
{
	for (;;) {
		size_t least = 2 * at + 1;

		if (least >= merge->heap_count)
			return;
		if (least + 1 < merge->heap_count &&
		    is_before(merge->heap[least + 1], merge->heap[least]))
			least++;
		if (!is_before(merge->heap[least], merge->heap[at]))
			return;
		swap(&merge->heap[least], &merge->heap[at]);
		at = least;
	}
}

static void push(struct hp_merge *merge, struct hp_merge_thread *thread)
{
	size_t at = merge->heap_count++;

	merge->heap[at] = thread;
	while (at > 0 && is_before(merge->heap[at], merge->heap[(at - 1) / 2])) {
		swap(&merge->heap[at], &merge->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static void drop_first(struct hp_merge *merge)
{
	merge->heap[0] = merge->heap[--merge->heap_count];
	sift_down(merge, 0);
}

/* It has its next event and is to be chosen again, or leaves. */
static void advance(struct hp_merge *merge, struct hp_merge_thread *thread)
{
	if (hp_tape_next(&thread->reader, &thread->next))
		push(merge, thread);
	else
		merge->skipped += thread->reader.skipped;
}

int hp_merge_init(struct hp_merge *merge, const struct hp_tape *tape)
{
	size_t count = count_threads(tape);
	const struct hp_tape_block *block = tape->blocks;

	*merge = (struct hp_merge){ .tape = tape, .callers.tape = tape };
	merge->threads = calloc(count + 1, sizeof(*merge->threads));
	merge->heap = calloc(count + 1, sizeof(struct hp_merge_thread *));
	merge->parked = calloc(count + 1, sizeof(struct hp_merge_thread *));
	if (!merge->threads || !merge->heap || !merge->parked) {
		hp_merge_fini(merge);
		return -ENOMEM;
	}
	merge->thread_count = count;
	for (size_t i = 0; i < count; i++) {
		struct hp_merge_thread *thread = &merge->threads[i];

		hp_tape_read_thread(tape, block, &thread->reader, &block);
		advance(merge, thread);
	}
	return 0;
}

void hp_merge_fini(struct hp_merge *merge)
{
	hp_callers_fini(&merge->callers);
	hp_alive_fini(&merge->live);
	free(merge->threads);
	free(merge->heap);
	free(merge->parked);
}

/* ---- what an event needs ---- */

static bool is_allocation(const struct hp_tape_event *event)
{
	return event->op != HP_TRACE_FREE && event->address &&
	       !(event->op == HP_TRACE_REALLOC && event->address == event->old);
}

static uint64_t freed_address(const struct hp_tape_event *event)
{
	if (event->op == HP_TRACE_FREE)
		return event->address;
	return event->op == HP_TRACE_REALLOC && event->address ? event->old : 0;
}

/* Until when it waits for another thread's; 0: it can be now. */
static uint64_t waits_until(const struct hp_merge *merge, const struct hp_tape_event *event)
{
	double ns_per_unit = merge->tape->ns_per_unit;
	uint64_t freed = freed_address(event);

	if (is_allocation(event) && hp_alive_find(&merge->live, event->address))
		return event->time + (uint64_t)(WAIT_FOR_FREE_NS / ns_per_unit) + 1;
	if (freed && !hp_alive_find(&merge->live, freed))
		return event->time + (uint64_t)(WAIT_FOR_MALLOC_NS / ns_per_unit) + 1;
	return 0;
}

/* A parked thread that need not, or may not, wait any longer; NULL if there is none. */
static struct hp_merge_thread *unpark(struct hp_merge *merge)
{
	size_t found = SIZE_MAX;
	bool is_ready = false;

	for (size_t i = 0; i < merge->parked_count && found == SIZE_MAX; i++) {
		uint64_t until = waits_until(merge, &merge->parked[i]->next);

		if (!until || (merge->heap_count && merge->heap[0]->next.time > until)) {
			found = i;
			is_ready = true;
		}
	}
	/* All wait, for an event that was lost: the earliest goes on. */
	for (size_t i = 0; i < merge->parked_count && !merge->heap_count && !is_ready; i++) {
		if (found == SIZE_MAX || is_before(merge->parked[i], merge->parked[found]))
			found = i;
	}
	if (found == SIZE_MAX)
		return NULL;
	swap(&merge->parked[found], &merge->parked[--merge->parked_count]);
	return merge->parked[merge->parked_count];
}

/* The thread whose event is next: of those that can be, the first. */
static struct hp_merge_thread *choose(struct hp_merge *merge)
{
	for (;;) {
		struct hp_merge_thread *thread = unpark(merge);

		if (thread)
			return thread;
		if (!merge->heap_count)
			return NULL;
		thread = merge->heap[0];
		drop_first(merge);
		if (merge->thread_count == 1 || !waits_until(merge, &thread->next))
			return thread;
		merge->parked[merge->parked_count++] = thread;
	}
}

/* ---- what it does ---- */

static void take_away(struct hp_merge *merge, uint64_t address, struct hp_merge_step *step)
{
	struct hp_alive_block *block = hp_alive_find(&merge->live, address);

	if (!block) {
		merge->inherited++;
		return;
	}
	step->is_freed = true;
	step->freed = *block;
	hp_alive_remove(&merge->live, block);
}

static void put(struct hp_merge *merge, struct hp_merge_step *step)
{
	const struct hp_tape_event *event = &step->event;
	const struct hp_alive_block made = {
		.address = event->address,
		.bytes = event->bytes,
		.time = event->time,
		.caller = step->caller,
		.thread = event->thread,
	};
	struct hp_alive_block *old = hp_alive_find(&merge->live, event->address);

	if (old) {
		merge->overtaken++;
		step->is_overtaken = true;
		step->overtaken = *old;
		hp_alive_remove(&merge->live, old);
	}
	if (hp_alive_add(&merge->live, &made))
		merge->error = -ENOMEM;
	else
		step->allocated = hp_alive_find(&merge->live, event->address);
}

bool hp_merge_next(struct hp_merge *merge, struct hp_merge_step *out_step)
{
	struct hp_merge_thread *thread = merge->error ? NULL : choose(merge);
	struct hp_merge_step step = { 0 };
	uint64_t freed;

	if (!thread)
		return false;
	step.event = thread->next;
	step.caller = hp_callers_number(&merge->callers, step.event.caller);
	if (step.caller == UINT32_MAX)
		merge->error = -ENOMEM;
	freed = freed_address(&step.event);
	if (freed)
		take_away(merge, freed, &step);
	if (step.event.op != HP_TRACE_FREE && step.event.address)
		put(merge, &step);
	advance(merge, thread);
	*out_step = step;
	return !merge->error;
}

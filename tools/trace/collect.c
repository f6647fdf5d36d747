/* See summary.h: one reading finds the peak, the second one what was live at it, and at the end. */
#include <errno.h>
#include <stdlib.h>

#include "trace/summary.h"

static unsigned log2_of(uint64_t value)
{
	return value ? 64u - (unsigned)__builtin_clzll(value) : 0;
}

/* ---- threads ---- */

static int by_threads(const void *one, const void *other)
{
	const struct hp_flow *a = one, *b = other;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->to < b->to ? -1 : a->to > b->to;
}

/* Sorted by threads. Pairs are few, and new ones rare. */
static struct hp_flow *flow_of(struct hp_summary *summary, uint32_t from, uint32_t to)
{
	const struct hp_flow key = { .from = from, .to = to };
	struct hp_flow *found = NULL, *flows;

	if (summary->flow_count)
		found = bsearch(&key, summary->flows, summary->flow_count, sizeof(key), by_threads);
	if (found)
		return found;
	flows = reallocarray(summary->flows, summary->flow_count + 1, sizeof(key));
	if (!flows)
		return NULL;
	summary->flows = flows;
	flows[summary->flow_count++] = key;
	qsort(flows, summary->flow_count, sizeof(key), by_threads);
	return bsearch(&key, flows, summary->flow_count, sizeof(key), by_threads);
}

/* ---- first reading ---- */

static int count_freed(struct hp_summary *summary, const struct hp_tape *tape,
		       const struct hp_merge_step *step)
{
	const struct hp_alive_block *freed = &step->freed;
	uint64_t time = step->event.time > freed->time ? step->event.time - freed->time : 0;
	struct hp_flow *flow;

	summary->live_bytes -= freed->bytes;
	summary->lifetimes[log2_of(hp_tape_span_ns(tape, time))]++;
	if (freed->thread == step->event.thread)
		return 0;
	flow = flow_of(summary, freed->thread, step->event.thread);
	if (!flow)
		return -ENOMEM;
	flow->blocks++;
	flow->bytes += freed->bytes;
	return 0;
}

static int count(struct hp_summary *summary, const struct hp_tape *tape,
		 const struct hp_merge_step *step)
{
	const struct hp_tape_event *event = &step->event;
	int error = 0;

	summary->counts[event->op]++;
	summary->steps++;
	if (event->op != HP_TRACE_FREE) {
		summary->failed += event->address == 0;
		summary->requested_bytes += event->address ? event->bytes : 0;
		summary->sizes[log2_of(event->bytes)] += event->address != 0;
	}
	if (step->is_freed)
		error = count_freed(summary, tape, step);
	if (step->is_overtaken)
		summary->live_bytes -= step->overtaken.bytes;
	if (step->allocated)
		summary->live_bytes += event->bytes;
	if (summary->live_bytes > summary->peak_bytes) {
		summary->peak_bytes = summary->live_bytes;
		summary->peak_step = summary->steps;
		summary->peak_time = event->time;
	}
	return error;
}

static int read_once(const struct hp_tape *tape, struct hp_summary *summary)
{
	struct hp_merge_step step;
	struct hp_merge merge;
	int error = hp_merge_init(&merge, tape);

	if (error)
		return error;
	while (!error && hp_merge_next(&merge, &step))
		error = count(summary, tape, &step);
	if (!error)
		error = merge.error;
	summary->inherited = merge.inherited;
	summary->overtaken = merge.overtaken;
	summary->skipped = merge.skipped;
	hp_merge_fini(&merge);
	return error;
}

/* ---- second reading ---- */

static int by_bytes(const void *one, const void *other)
{
	const struct hp_held *a = one, *b = other;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return a->caller < b->caller ? -1 : a->caller > b->caller;
}

/* Who holds what lives now, the largest first. */
static int hold(const struct hp_merge *merge, struct hp_held_table *out_table)
{
	struct hp_held_table table = { .count = merge->callers.count };

	table.held = calloc(table.count + 1, sizeof(*table.held));
	if (!table.held)
		return -ENOMEM;
	for (uint32_t i = 0; i < table.count; i++)
		table.held[i].caller = i;
	for (size_t i = 0; i < merge->live.room; i++) {
		const struct hp_alive_block *block = &merge->live.blocks[i];

		if (!block->address)
			continue;
		table.held[block->caller].bytes += block->bytes;
		table.held[block->caller].blocks++;
		table.all.bytes += block->bytes;
		table.all.blocks++;
	}
	qsort(table.held, table.count, sizeof(*table.held), by_bytes);
	while (table.count && !table.held[table.count - 1].blocks)
		table.count--;
	*out_table = table;
	return 0;
}

/* Callers have the same numbers in each reading. The last one's are kept. */
static int read_again(const struct hp_tape *tape, struct hp_summary *summary,
		      struct hp_callers *out_callers)
{
	struct hp_merge_step step;
	struct hp_merge merge;
	uint64_t steps = 0;
	int error = hp_merge_init(&merge, tape);

	if (error)
		return error;
	while (!error && hp_merge_next(&merge, &step)) {
		if (++steps == summary->peak_step)
			error = hold(&merge, &summary->peak);
	}
	if (!error)
		error = merge.error ? merge.error : hold(&merge, &summary->end);
	if (!error) {
		*out_callers = merge.callers;
		merge.callers = (struct hp_callers){ 0 };
	}
	hp_merge_fini(&merge);
	return error;
}

int hp_summary_read(const struct hp_tape *tape, struct hp_callers *out_callers,
		    struct hp_summary *out_summary)
{
	struct hp_summary summary = { 0 };
	int error = read_once(tape, &summary);

	if (!error)
		error = read_again(tape, &summary, out_callers);
	if (error)
		hp_summary_fini(&summary);
	else
		*out_summary = summary;
	return error;
}

void hp_summary_fini(struct hp_summary *summary)
{
	free(summary->peak.held);
	free(summary->end.held);
	free(summary->flows);
}

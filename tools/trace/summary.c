/* The verb `trace summary`. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/arguments.h"
#include "common/say.h"
#include "run/program.h"
#include "trace/summary.h"
#include "trace/trace.h"

#define NAME_BYTES 1024
#define TOP_DEFAULT 10

/* The power of two below which so many of a hundred are; "" if there are none. */
static unsigned quantile(const uint64_t counts[static HP_LOG2_COUNT], unsigned percent)
{
	uint64_t all = 0, below = 0;

	for (unsigned i = 0; i < HP_LOG2_COUNT; i++)
		all += counts[i];
	for (unsigned i = 0; i < HP_LOG2_COUNT; i++) {
		below += counts[i];
		if (below && below * 100 >= all * percent)
			return i;
	}
	return 0;
}

static double power(unsigned exponent)
{
	double value = 1;

	while (exponent-- > 0)
		value *= 2;
	return value;
}

static void print_quantiles(const char *title, const uint64_t counts[static HP_LOG2_COUNT],
			    char *(*text_of)(double, char *), FILE *out)
{
	static const unsigned percents[] = { 50, 90, 99, 100 };
	char text[HP_TRACE_TEXT_BYTES];

	fprintf(out, "%-12s", title);
	for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++)
		fprintf(out, "%s%u %% under %s", i ? ", " : "", percents[i],
			text_of(power(quantile(counts, percents[i])), text));
	fputc('\n', out);
}

static void print_held(const char *title, const struct hp_callers *callers,
		       const struct hp_held_table *table, size_t top, FILE *out)
{
	char size[HP_TRACE_TEXT_BYTES], name[NAME_BYTES];
	uint64_t bytes = 0, blocks = 0;

	fprintf(out, "\n%s: %s in %" PRIu64 " blocks, by caller:\n", title,
		hp_trace_size_text((double)table->all.bytes, size), table->all.blocks);
	for (size_t i = 0; i < table->count; i++) {
		const struct hp_held *held = &table->held[i];

		if (i >= top) {
			bytes += held->bytes;
			blocks += held->blocks;
			continue;
		}
		hp_callers_name(callers, held->caller, name, sizeof(name));
		fprintf(out, "  %10s %5.1f %% %10" PRIu64 "  %s\n",
			hp_trace_size_text((double)held->bytes, size),
			table->all.bytes ? 100.0 * (double)held->bytes / (double)table->all.bytes
					 : 0,
			held->blocks, name);
	}
	if (blocks)
		fprintf(out, "  %10s         %10" PRIu64 "  %zu others\n",
			hp_trace_size_text((double)bytes, size), blocks, table->count - top);
}

static int by_blocks(const void *one, const void *other)
{
	const struct hp_flow *a = one, *b = other;

	return a->blocks > b->blocks ? -1 : a->blocks < b->blocks;
}

static void print_flows(const struct hp_summary *summary, size_t top, FILE *out)
{
	struct hp_flow *flows = calloc(summary->flow_count + 1, sizeof(*flows));
	char size[HP_TRACE_TEXT_BYTES];

	if (!flows || !summary->flow_count) {
		free(flows);
		return;
	}
	memcpy(flows, summary->flows, summary->flow_count * sizeof(*flows));
	qsort(flows, summary->flow_count, sizeof(*flows), by_blocks);
	fputs("\nfreed by another thread:\n", out);
	for (size_t i = 0; i < summary->flow_count && i < top; i++)
		fprintf(out,
			"  %10s         %10" PRIu64 "  thread %" PRIu32 " to thread %" PRIu32 "\n",
			hp_trace_size_text((double)flows[i].bytes, size), flows[i].blocks,
			flows[i].from, flows[i].to);
	if (summary->flow_count > top)
		fprintf(out, "  and %zu other pairs\n", summary->flow_count - top);
	free(flows);
}

static size_t count_threads(const struct hp_tape *tape)
{
	size_t count = 0;

	for (size_t i = 0; i < tape->block_count; i++)
		count += i == 0 || tape->blocks[i].head.thread != tape->blocks[i - 1].head.thread;
	return count;
}

static void print_head(const struct hp_tape *tape, const struct hp_summary *summary, FILE *out)
{
	char *program = strdup(tape->program), text[HP_TRACE_TEXT_BYTES];
	size_t threads = count_threads(tape);

	if (program)
		hp_make_harmless(program, strlen(program));
	fprintf(out, "%-12s%s, process %" PRIu64 "%s\n", "program", program ? program : "",
		tape->start.pid, tape->start.flags & HP_TRACE_IS_FORKED ? ", begun by fork" : "");
	free(program);
	fprintf(out, "%-12s%s, %zu thread%s; ", "time",
		hp_trace_time_text(hp_tape_ns(tape, tape->last_time), text), threads,
		threads == 1 ? "" : "s");
	fputs(tape->has_end ? "recorded up to the exit\n" : "the end is not recorded\n", out);
	if (tape->read_bytes < tape->size)
		fprintf(out, "%-12sthe last %zu bytes of the file are cut off or damaged\n", "",
			tape->size - tape->read_bytes);
	fprintf(out, "%-12s%" PRIu64, "events", summary->steps);
	for (unsigned op = 0; op < HP_TRACE_OPS; op++)
		fprintf(out, "%s%" PRIu64 " %s", op ? ", " : ": ", summary->counts[op],
			hp_trace_op_name(op));
	fprintf(out, "; %.1f bytes each\n",
		summary->steps ? (double)tape->read_bytes / (double)summary->steps : 0);
}

static void print_oddities(const struct hp_summary *summary, FILE *out)
{
	if (summary->failed)
		fprintf(out, "%-12sno memory for %" PRIu64 " of them\n", "", summary->failed);
	if (summary->inherited)
		fprintf(out, "%-12s%" PRIu64 " of what was freed is older than the trace\n", "",
			summary->inherited);
	if (summary->overtaken)
		fprintf(out, "%-12s%" PRIu64 " frees are missing\n", "", summary->overtaken);
	if (summary->skipped)
		fprintf(out, "%-12s%" PRIu64 " events follow a loss and could not be read\n", "",
			summary->skipped);
}

void hp_summary_print(const struct hp_tape *tape, const struct hp_callers *callers,
		      const struct hp_summary *summary, size_t top, FILE *out)
{
	char title[64 + HP_TRACE_TEXT_BYTES], text[HP_TRACE_TEXT_BYTES];

	print_head(tape, summary, out);
	print_oddities(summary, out);
	fprintf(out, "%-12s%s asked for in all\n", "memory",
		hp_trace_size_text((double)summary->requested_bytes, text));
	if (!summary->steps)
		return;
	print_quantiles("sizes", summary->sizes, hp_trace_size_text, out);
	print_quantiles("lifetimes", summary->lifetimes, hp_trace_time_text, out);
	snprintf(title, sizeof(title), "live at the peak, after %s",
		 hp_trace_time_text(hp_tape_ns(tape, summary->peak_time), text));
	print_held(title, callers, &summary->peak, top, out);
	print_held(tape->has_end ? "never freed" : "not freed as far as recorded", callers,
		   &summary->end, top, out);
	print_flows(summary, top, out);
}

/* ---- the command line ---- */

struct command {
	const char *path;
	size_t top;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct command *command = state->input;

	if (key != 'n')
		return hp_trace_parse_path(key, text, state, &command->path);
	if (!hp_arguments_number(text, 0, SIZE_MAX, &command->top)) {
		hp_say("trace summary: --top wants a number");
		return HP_ARGUMENTS_SAID;
	}
	return 0;
}

int hp_trace_summary(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ .name = "top", .key = 'n', .arg = "N", .doc = "List N callers (10)" },
		{ 0 },
	};
	static const struct argp summary_argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE",
		.doc = "Tells what a program allocated: sizes, lifetimes, what was live at the "
		       "peak and what was never freed, by caller, and which threads freed blocks "
		       "of others.",
	};
	struct command command = { .top = TOP_DEFAULT };
	struct hp_callers callers = { 0 };
	struct hp_summary summary;
	struct hp_merge merge;
	struct hp_tape tape;
	int status = hp_arguments_parse(&summary_argp, argc, argv, &command);

	if (status)
		return status;
	status = hp_trace_open(command.path, &tape, &merge);
	if (status)
		return status;
	merge.error = hp_summary_read(&tape, &callers, &summary);
	if (!merge.error) {
		hp_summary_print(&tape, &callers, &summary, command.top, stdout);
		hp_summary_fini(&summary);
	}
	status = hp_trace_finish(&merge);
	hp_callers_fini(&callers);
	hp_trace_close(&tape, &merge);
	return status;
}

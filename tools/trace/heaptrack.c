/*
 * The verb `trace heaptrack`: the trace as the text that heaptrack's own interpreter hands to
 * heaptrack_print and heaptrack_gui. Numbers are hexadecimal; strings, instructions and traces are
 * counted from 1 as they come. A stack is one caller deep, as the trace has it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/say.h"
#include "run/program.h"
#include "trace/trace.h"

#define NAME_BYTES 1024
#define FORMAT 3	/* of heaptrack 1.3 and later, */
#define VERSION 0x10400 /* as which we write it */

/* An allocation is by its size and caller; those that are known, by hash. */
struct info {
	uint64_t bytes;
	uint32_t caller;
	uint32_t number; /* + 1; 0: empty */
};

struct writer {
	const struct hp_tape *tape;
	struct hp_merge *merge;
	struct info *infos;
	size_t info_room, info_count;
	uint32_t named; /* callers that have their instruction and trace */
	uint32_t strings;
	uint64_t written_ms;
};

static void write_string(struct writer *writer, const char *text)
{
	printf("s %zx %s\n", strlen(text), text);
	writer->strings++;
}

/* Instruction and trace have the number of the caller + 1. */
static void name_caller(struct writer *writer, uint32_t caller)
{
	const struct hp_callers *callers = &writer->merge->callers;
	const char *file = hp_callers_file(callers, caller);
	char name[NAME_BYTES];

	snprintf(name, sizeof(name), "%s", file ? file : "");
	hp_make_harmless(name, strlen(name));
	write_string(writer, name);
	hp_callers_name(callers, caller, name, sizeof(name));
	write_string(writer, name);
	printf("i %" PRIx64 " %" PRIx32 " %" PRIx32 "\n", callers->addresses[caller],
	       writer->strings - 1, writer->strings);
	printf("t %" PRIx32 " 0\n", caller + 1);
	writer->named++;
}

static struct info *place_of(const struct writer *writer, uint64_t bytes, uint32_t caller)
{
	size_t i = (size_t)((bytes * 31 + caller) * 0x9e3779b97f4a7c15u >> 20);

	for (;; i++) {
		struct info *info = &writer->infos[i & (writer->info_room - 1)];

		if (!info->number || (info->bytes == bytes && info->caller == caller))
			return info;
	}
}

static bool grow(struct writer *writer)
{
	struct writer larger = *writer;

	larger.info_room = writer->info_room ? 2 * writer->info_room : 1024;
	larger.infos = calloc(larger.info_room, sizeof(*larger.infos));
	if (!larger.infos)
		return false;
	for (size_t i = 0; i < writer->info_room; i++) {
		const struct info *info = &writer->infos[i];

		if (info->number)
			*place_of(&larger, info->bytes, info->caller) = *info;
	}
	free(writer->infos);
	*writer = larger;
	return true;
}

/* The number of the allocation, which is said when it is new; from 0. */
static bool number_of(struct writer *writer, uint64_t bytes, uint32_t caller, uint32_t *out_number)
{
	struct info *info;

	if (writer->info_count >= writer->info_room / 2 && !grow(writer))
		return false;
	info = place_of(writer, bytes, caller);
	if (!info->number) {
		while (writer->named <= caller)
			name_caller(writer, writer->named);
		printf("a %" PRIx64 " %" PRIx32 "\n", bytes, caller + 1);
		*info = (struct info){ bytes, caller, (uint32_t)++writer->info_count };
	}
	*out_number = info->number - 1;
	return true;
}

static bool write_step(struct writer *writer, const struct hp_merge_step *step)
{
	double ns = hp_tape_ns(writer->tape, step->event.time);
	uint64_t ms = ns > 0 ? (uint64_t)(ns / 1e6) : 0;
	uint32_t number = 0;

	if (ms > writer->written_ms) {
		printf("c %" PRIx64 "\n", ms);
		writer->written_ms = ms;
	}
	if (step->is_freed)
		printf("- %" PRIx32 "\n", (uint32_t)step->freed.mark);
	if (step->is_overtaken)
		printf("- %" PRIx32 "\n", (uint32_t)step->overtaken.mark);
	if (!step->allocated)
		return true;
	if (!number_of(writer, step->event.bytes, step->caller, &number))
		return false;
	step->allocated->mark = number;
	printf("+ %" PRIx32 "\n", number);
	return true;
}

static int write_all(const struct hp_tape *tape, struct hp_merge *merge)
{
	struct writer writer = { .tape = tape, .merge = merge };
	struct hp_merge_step step;
	char *program = strdup(tape->program);
	bool is_well = program;

	if (program) {
		hp_make_harmless(program, strlen(program));
		printf("v %x %x\nX %s\nI 1000 0\n", VERSION, FORMAT, program);
		write_string(&writer, program);
	}
	while (is_well && hp_merge_next(merge, &step) && !ferror(stdout))
		is_well = write_step(&writer, &step);
	printf("c %" PRIx64 "\n", (uint64_t)(hp_tape_ns(tape, tape->last_time) / 1e6));
	free(writer.infos);
	free(program);
	if (!is_well)
		hp_say("memory is out");
	return is_well ? hp_trace_finish(merge) : HP_EXIT_FAILED;
}

int hp_trace_heaptrack(int argc, char **argv)
{
	return hp_trace_run_file(
		argc, argv,
		"Prints the trace in the form of heaptrack's data files: redirected to a "
		"file, heaptrack_print and heaptrack_gui read it.",
		write_all);
}

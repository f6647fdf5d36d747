/* The verb `trace`: finds the verb below it, and has what those share. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arguments.h"
#include "common/say.h"
#include "run/program.h"
#include "trace/trace.h"
#include "verbs.h"

static const struct verb {
	const char *name;
	char *full_name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "csv", "hpalloc trace csv", hp_trace_csv },
	{ "heaptrack", "hpalloc trace heaptrack", hp_trace_heaptrack },
	{ "plot", "hpalloc trace plot", hp_trace_plot },
	{ "record", "hpalloc trace record", hp_trace_record },
	{ "replay", "hpalloc trace replay", hp_trace_replay },
	{ "summary", "hpalloc trace summary", hp_trace_summary },
};

struct call {
	const struct verb *verb;
	int first;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct call *call = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
			if (strcmp(verbs[i].name, text) == 0)
				call->verb = &verbs[i];
		}
		if (!call->verb) {
			hp_say("trace: there is no verb '%s'; 'hpalloc trace --help' lists them",
			       text);
			return HP_ARGUMENTS_SAID;
		}
		call->first = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		hp_say("trace: which verb? 'hpalloc trace --help' lists them");
		return HP_ARGUMENTS_SAID;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int hp_verb_trace(int argc, char **argv)
{
	static const struct argp trace_argp = {
		.parser = parse,
		.args_doc = "VERB [ARGUMENT...]",
		.doc = "Records every malloc and free of a program, and tells about them.\v"
		       "Verbs:\n"
		       "  record FILE PROGRAM    runs a program and records it in FILE\n"
		       "  summary FILE           sizes, lifetimes, the peak, threads, leaks\n"
		       "  csv FILE               all events as lines of text\n"
		       "  plot FILE              pictures: memory over time, sizes, lifetimes\n"
		       "  replay FILE            does the same again on several allocators\n"
		       "  heaptrack FILE         the form that heaptrack_print reads\n"
		       "\n"
		       "'hpalloc trace VERB --help' tells about a verb.",
	};
	struct call call = { 0 };
	int status = hp_arguments_parse(&trace_argp, argc, argv, &call);

	if (status)
		return status;
	argv[call.first] = call.verb->full_name;
	return call.verb->run(argc - call.first, argv + call.first);
}

error_t hp_trace_parse_path(int key, char *text, struct argp_state *state, const char **path)
{
	switch (key) {
	case ARGP_KEY_ARG:
		if (*path)
			return ARGP_ERR_UNKNOWN;
		*path = text;
		return 0;
	case ARGP_KEY_NO_ARGS:
		hp_say("%s: which file?", state->name + strlen("hpalloc "));
		return HP_ARGUMENTS_SAID;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_path(int key, char *text, struct argp_state *state)
{
	return hp_trace_parse_path(key, text, state, state->input);
}

int hp_trace_run_file(int argc, char **argv, const char *doc, hp_trace_run *run)
{
	const struct argp argp = { .parser = parse_path, .args_doc = "FILE", .doc = doc };
	const char *path = NULL;
	struct hp_merge merge;
	struct hp_tape tape;
	int status = hp_arguments_parse(&argp, argc, argv, &path);

	if (!status)
		status = hp_trace_open(path, &tape, &merge);
	if (status)
		return status;
	status = run(&tape, &merge);
	hp_trace_close(&tape, &merge);
	return status;
}

int hp_trace_open(const char *path, struct hp_tape *out_tape, struct hp_merge *out_merge)
{
	int error = hp_tape_open(path, out_tape);

	if (!error) {
		error = hp_merge_init(out_merge, out_tape);
		if (error)
			hp_tape_close(out_tape);
	}
	if (error == -EINVAL)
		hp_say("%s: no trace of libhpalloc", path);
	else if (error)
		hp_say("%s: %s", path, strerror(-error));
	return error ? HP_EXIT_FAILED : EXIT_SUCCESS;
}

void hp_trace_close(struct hp_tape *tape, struct hp_merge *merge)
{
	hp_merge_fini(merge);
	hp_tape_close(tape);
}

int hp_trace_finish(const struct hp_merge *merge)
{
	if (merge->error) {
		hp_say("%s", strerror(-merge->error));
		return HP_EXIT_FAILED;
	}
	if (fflush(stdout) || ferror(stdout)) {
		hp_say("standard output: %s", strerror(errno));
		return HP_EXIT_FAILED;
	}
	return EXIT_SUCCESS;
}

const char *hp_trace_op_name(enum hp_trace_op op)
{
	static const char *const names[] = { "malloc", "calloc", "aligned", "realloc", "free" };

	return names[op];
}

char *hp_trace_size_text(double bytes, char text[static HP_TRACE_TEXT_BYTES])
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
	size_t unit = 0;

	while (bytes >= 1000 && unit + 1 < sizeof(units) / sizeof(*units)) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, HP_TRACE_TEXT_BYTES, "%.*f %s", unit && bytes < 100 ? 1 : 0, bytes,
		 units[unit]);
	return text;
}

char *hp_trace_time_text(double ns, char text[static HP_TRACE_TEXT_BYTES])
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	size_t unit = 0;

	while (ns >= 1000 && unit + 1 < sizeof(units) / sizeof(*units)) {
		ns /= 1000;
		unit++;
	}
	snprintf(text, HP_TRACE_TEXT_BYTES, "%.*f %s", unit && ns < 100 ? 1 : 0, ns, units[unit]);
	return text;
}

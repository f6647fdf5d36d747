/* The verb `trace plot`: counts what the pictures show, and has trace-plot.py draw it. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/arguments.h"
#include "common/helper.h"
#include "common/python.h"
#include "common/say.h"
#include "run/program.h"
#include "trace/trace.h"

#define MOMENTS 1000
#define LOG2_COUNT 65

struct picture {
	uint64_t live_bytes;
	uint64_t moments[MOMENTS]; /* the most that was live in each */
	uint64_t sizes[LOG2_COUNT];
	uint64_t size_bytes[LOG2_COUNT];
	uint64_t lives[LOG2_COUNT][LOG2_COUNT]; /* by size, by lifetime */
};

static unsigned log2_of(uint64_t value)
{
	return value ? 64u - (unsigned)__builtin_clzll(value) : 0;
}

static size_t moment_of(const struct hp_tape *tape, uint64_t time)
{
	double all = hp_tape_ns(tape, tape->last_time), now = hp_tape_ns(tape, time);

	if (now <= 0 || all <= 0)
		return 0;
	return now >= all ? MOMENTS - 1 : (size_t)(now / all * (MOMENTS - 1));
}

static void add(struct picture *picture, const struct hp_tape *tape,
		const struct hp_merge_step *step, size_t moment)
{
	const struct hp_tape_event *event = &step->event;
	uint64_t lived;

	if (step->is_freed) {
		lived = event->time > step->freed.time ? event->time - step->freed.time : 0;
		picture->live_bytes -= step->freed.bytes;
		picture->lives[log2_of(step->freed.bytes)][log2_of(hp_tape_span_ns(tape, lived))]++;
	}
	if (step->is_overtaken)
		picture->live_bytes -= step->overtaken.bytes;
	if (step->allocated) {
		picture->live_bytes += event->bytes;
		picture->sizes[log2_of(event->bytes)]++;
		picture->size_bytes[log2_of(event->bytes)] += event->bytes;
	}
	if (picture->live_bytes > picture->moments[moment])
		picture->moments[moment] = picture->live_bytes;
}

static void collect(struct picture *picture, const struct hp_tape *tape, struct hp_merge *merge)
{
	size_t moment = 0, reached;
	struct hp_merge_step step;

	while (hp_merge_next(merge, &step)) {
		reached = moment_of(tape, step.event.time);
		while (moment < reached)
			picture->moments[++moment] = picture->live_bytes;
		add(picture, tape, &step, moment);
	}
	while (moment < MOMENTS - 1)
		picture->moments[++moment] = picture->live_bytes;
}

static void print(const struct picture *picture, const struct hp_tape *tape, FILE *out)
{
	double seconds = hp_tape_ns(tape, tape->last_time) / 1e9;
	char *program = strdup(tape->program);

	if (program)
		hp_make_harmless(program, strlen(program));
	fprintf(out, "program %s\n", program ? program : "");
	free(program);
	for (size_t i = 0; i < MOMENTS; i++)
		fprintf(out, "live %.9f %" PRIu64 "\n", seconds * (double)i / (MOMENTS - 1),
			picture->moments[i]);
	for (unsigned size = 0; size < LOG2_COUNT; size++) {
		if (picture->sizes[size])
			fprintf(out, "size %u %" PRIu64 " %" PRIu64 "\n", size,
				picture->sizes[size], picture->size_bytes[size]);
		for (unsigned life = 0; life < LOG2_COUNT; life++) {
			if (picture->lives[size][life])
				fprintf(out, "life %u %u %" PRIu64 "\n", size, life,
					picture->lives[size][life]);
		}
	}
}

static pid_t start(char *script, char *output, int *out_input)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0) {
		char *arguments[] = { NULL, script, output, NULL };

		dup2(ends[0], STDIN_FILENO);
		hp_python_become(arguments);
		_exit(EXIT_FAILURE);
	}
	close(ends[0]);
	*out_input = ends[1];
	return pid;
}

static int draw(const struct picture *picture, const struct hp_tape *tape, char *output)
{
	char *script = hp_helper_find(HP_DATADIR, ".", "trace-plot.py");
	int input = -1, status = 0;
	FILE *out = NULL;
	pid_t pid = -1;

	if (script) {
		signal(SIGPIPE, SIG_IGN);
		pid = start(script, output, &input);
		out = input >= 0 ? fdopen(input, "w") : NULL;
	}
	if (out) {
		print(picture, tape, out);
		fclose(out);
	} else if (input >= 0) {
		close(input);
	}
	free(script);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status || !out)
		return HP_EXIT_FAILED;
	return EXIT_SUCCESS;
}

/* ---- the command line ---- */

struct command {
	const char *path;
	char *output;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct command *command = state->input;

	switch (key) {
	case 'o':
		command->output = text;
		return 0;
	case ARGP_KEY_END:
		if (command->output)
			return 0;
		hp_say("trace plot: -o PNG says where to");
		return HP_ARGUMENTS_SAID;
	default:
		return hp_trace_parse_path(key, text, state, &command->path);
	}
}

int hp_trace_plot(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ .name = "output", .key = 'o', .arg = "PNG", .doc = "The file of the picture" },
		{ 0 },
	};
	static const struct argp plot_argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE -o PNG",
		.doc = "Draws live bytes over time, a histogram of sizes, and lifetimes by size.\v"
		       "Needs Python 3 with matplotlib (Debian's python3-matplotlib).",
	};
	struct picture *picture = calloc(1, sizeof(*picture));
	struct command command = { 0 };
	struct hp_merge merge;
	struct hp_tape tape;
	int status =
		picture ? hp_arguments_parse(&plot_argp, argc, argv, &command) : HP_EXIT_FAILED;

	if (!status)
		status = hp_trace_open(command.path, &tape, &merge);
	if (!status) {
		collect(picture, &tape, &merge);
		status = hp_trace_finish(&merge);
		if (!status)
			status = draw(picture, &tape, command.output);
		hp_trace_close(&tape, &merge);
	}
	free(picture);
	return status;
}

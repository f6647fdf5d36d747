/*
 * The verb `run`: starts a program under the preload library, passes its exit status through and
 * says in one line on which pages its heap was.
 */
#include <stdlib.h>

#include "common/amounts.h"
#include "common/arguments.h"
#include "common/say.h"
#include "options/settings.h"
#include "run/launch.h"
#include "run/program.h"
#include "run/report.h"
#include "verbs.h"

static void report(const struct hp_launch *launch, const struct hp_published *page,
		   const struct hp_machine *machine)
{
	char *text = hp_report_text(page, machine);

	(void)launch;
	if (text)
		hp_say("%s", text);
	free(text);
}

enum { KEY_RESERVE = 256 };

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct hp_launch *launch = state->input;

	switch (key) {
	case KEY_RESERVE:
		if (hp_amount_parse(text, &launch->reserve_bytes))
			return 0;
		hp_say("--reserve '%s': a size is a number, and may end in K, M, G or T", text);
		return HP_ARGUMENTS_SAID;
	case ARGP_KEY_ARG:
		launch->arguments = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		hp_say("run: which program?");
		return HP_ARGUMENTS_SAID;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ .name = "reserve",
	  .key = KEY_RESERVE,
	  .arg = "SIZE",
	  .doc = "Enlarges the pool first, as root, until so much of it is free" },
	{ 0 },
};

int hp_verb_run(int argc, char **argv)
{
	const struct argp_child children[] = {
		{ .argp = hp_settings_argp(), .header = "Variables of the library:", .group = 1 },
		{ 0 },
	};
	const struct argp run_argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "PROGRAM [ARGUMENT...]",
		.doc = "Runs PROGRAM with its heap on huge pages and says on standard error how "
		       "much of it was.\v"
		       "Each option sets the environment variable of its name: --decay-ms=0 is "
		       "HPALLOC_DECAY_MS=0. The exit status is that of PROGRAM, 128+N if signal N "
		       "ended it, 127 if there is no such program, 126 if it cannot be run so, "
		       "125 if hpalloc itself fails.",
	};
	struct hp_launch launch = { .report = report };
	int status;

	if (!children[0].argp)
		return HP_EXIT_FAILED;
	status = hp_arguments_parse(&run_argp, argc, argv, &launch);
	return status ? status : hp_launch(&launch);
}

/*
 * The command `hpalloc VERB ...`, and `hprun`, a short name for `hpalloc run`: finds the verb and
 * leaves the rest to its file.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hpalloc/version.h>

#include "common/arguments.h"
#include "common/say.h"
#include "verbs.h"

#define TEXT_OF(number) #number
#define VERSION(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *argp_program_version =
	"hpalloc " VERSION(HP_API_VERSION_MAJOR, HP_API_VERSION_MINOR, HP_API_VERSION_PATCH);

/* In the order of the help. */
static const struct verb {
	const char *name;
	char *full_name;
	int (*run)(int argc, char **argv);
	const char *arguments, *help;
} verbs[] = {
	{ "run", "hpalloc run", hp_verb_run, "PROGRAM",
	  "runs a program with its heap on huge pages" },
	{ "explain", "hpalloc explain", hp_verb_explain, "PID|PROGRAM",
	  "says on which pages a heap is, and why" },
	{ "doctor", "hpalloc doctor", hp_verb_doctor, "", "checks this machine, says what to do" },
	{ "pool", "hpalloc pool", hp_verb_pool, "", "lists the pools of huge pages, changes them" },
	{ "options", "hpalloc options", hp_verb_options, "[PID]",
	  "prints the options of the library" },
	{ "profile", "hpalloc profile", hp_verb_profile, "FILE",
	  "prints what a heap profile says, and draws it" },
	{ "stat", "hpalloc stat", hp_verb_stat, "[PID|NAME]",
	  "shows the heap of a running program" },
	{ "top", "hpalloc top", hp_verb_top, "", "lists the programs that use most huge pages" },
	{ "trace", "hpalloc trace", hp_verb_trace, "VERB",
	  "records every malloc and free, and tells about them" },
	{ "bench", "hpalloc bench", hp_verb_bench, "", "measures allocators on this machine" },
	{ "demo", "hpalloc demo", hp_verb_demo, "", "shows what huge pages are worth here" },
};

#define VERB_COUNT (sizeof(verbs) / sizeof(*verbs))

struct call {
	const struct verb *verb;
	int first; /* index of the verb in argv */
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

/* The verb is the first argument; what follows is its own. */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct call *call = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		call->verb = find_verb(text);
		if (!call->verb) {
			hp_say("there is no verb '%s'; 'hpalloc --help' lists them", text);
			return HP_ARGUMENTS_SAID;
		}
		call->first = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		hp_say("which verb? 'hpalloc --help' lists them");
		return HP_ARGUMENTS_SAID;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The list of verbs, where the help has its last part; argp frees it. */
static char *list_verbs(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t bytes;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)(uintptr_t)text;
	out = open_memstream(&list, &bytes);
	if (!out)
		return NULL;
	fputs("Verbs:\n", out);
	for (size_t i = 0; i < VERB_COUNT; i++)
		fprintf(out, "  %-8s %-12s %s\n", verbs[i].name, verbs[i].arguments, verbs[i].help);
	fputs("\n'hpalloc VERB --help' tells about a verb.", out);
	fclose(out);
	return list;
}

static const struct argp hpalloc_argp = {
	.parser = parse,
	.args_doc = "VERB [ARGUMENT...]",
	.doc = "Runs programs with their heap on huge pages, and tells about it.\v",
	.help_filter = list_verbs,
};

int main(int argc, char **argv)
{
	struct call call = { 0 };
	int status;

	if (strcmp(program_invocation_short_name, "hprun") == 0)
		return hp_verb_run(argc, argv);
	status = hp_arguments_parse(&hpalloc_argp, argc, argv, &call);
	if (status)
		return status;
	argv[call.first] = call.verb->full_name;
	return call.verb->run(argc - call.first, argv + call.first);
}

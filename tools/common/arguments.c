/* See arguments.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/arguments.h"
#include "common/say.h"
#include "run/program.h"

#define KEY_USAGE 0x10001
#define CHILDREN_MAX 1 /* of a verb's own */

/* argp itself tells only of a success how far it came. */
static struct {
	int next;
	const char *name;
} at_error;

static const struct argp_option help_options[] = {
	{ .name = "help", .key = '?', .doc = "Give this help list", .group = -1 },
	{ .name = "usage", .key = KEY_USAGE, .doc = "Give a short usage message" },
	{ .name = "version", .key = 'V', .doc = "Print program version" },
	{ 0 },
};

static void print_help(const struct argp_state *state, unsigned flags)
{
	argp_help(state->root_argp, stdout, flags, state->name);
	exit(fflush(stdout) ? HP_EXIT_FAILED : EXIT_SUCCESS);
}

static error_t parse_help(int key, char *text, struct argp_state *state)
{
	(void)text;
	switch (key) {
	case '?':
		print_help(state, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		print_help(state, ARGP_HELP_USAGE);
		return 0;
	case 'V':
		puts(argp_program_version);
		exit(fflush(stdout) ? HP_EXIT_FAILED : EXIT_SUCCESS);
	case ARGP_KEY_ERROR:
		at_error.next = state->next;
		at_error.name = state->name;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp help_argp = { .options = help_options, .parser = parse_help };

/* argp has gone past an option of several characters, but not past one of a bundle. */
static const char *culprit(char **argv, int next)
{
	if (next > 1 && argv[next - 1][0] == '-')
		return argv[next - 1];
	return argv[next] ? argv[next] : argv[next - 1];
}

int hp_arguments_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	const unsigned flags = ARGP_IN_ORDER | ARGP_NO_ERRS | ARGP_NO_HELP;
	struct argp_child children[CHILDREN_MAX + 2] = { 0 };
	struct argp whole = *argp;
	size_t count = 0;
	int next = 0;
	error_t error;

	for (; argp->children && argp->children[count].argp && count < CHILDREN_MAX; count++)
		children[count] = argp->children[count];
	children[count].argp = &help_argp;
	whole.children = children;
	error = argp_parse(&whole, argc, argv, flags, &next, input);
	if (!error && next == argc)
		return 0;
	if (!error)
		hp_say("'%s' is one argument too many; see '%s --help'", argv[next], argv[0]);
	else if (error != HP_ARGUMENTS_SAID)
		hp_say("'%s' is no option, or lacks its value; '%s --help' lists them",
		       culprit(argv, at_error.next), at_error.name);
	return HP_EXIT_FAILED;
}

bool hp_arguments_number(const char *text, size_t least, size_t most, size_t *out_number)
{
	size_t number;

	errno = 0;
	number = strtoul(text, NULL, 10);
	if (!*text || text[strspn(text, "0123456789")] || errno || number < least || number > most)
		return false;
	*out_number = number;
	return true;
}

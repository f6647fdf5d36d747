/*
 * The verb `run`: starts a program under the preload library, passes its exit status through and
 * says in one line on which pages its heap was.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "child.h"
#include "machine.h"
#include "options.h"
#include "page.h"
#include "program.h"
#include "report.h"
#include "say.h"
#include "verbs.h"

#define LIBRARY "libhpalloc-preload.so"
#define LIBRARY_VARIABLE "HPALLOC_PRELOAD_LIBRARY"

/* `run` sets this one itself. */
#define PUBLISH_VARIABLE "HPALLOC_PUBLISH"

/* ---- the preload library ---- */

static char *library_in(const char *directory)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/" LIBRARY, directory) >= (int)sizeof(path))
		return NULL;
	return realpath(path, NULL);
}

/* Whoever runs the tool in its build tree means the library of that tree. */
static char *library_in_build_tree(void)
{
	char directory[PATH_MAX];
	ssize_t bytes =
		readlink("/proc/self/exe", directory, sizeof(directory) - sizeof("/../src"));
	char *slash;

	if (bytes < 0)
		return NULL;
	directory[bytes] = '\0';
	slash = strrchr(directory, '/');
	if (!slash || strncmp(directory, HP_BINDIR "/", (size_t)(slash - directory) + 1) == 0)
		return NULL;
	strcpy(slash, "/../src");
	return library_in(directory);
}

/* Returns its absolute path, or says why there is none. */
static char *find_library(void)
{
	const char *set = getenv(LIBRARY_VARIABLE);
	char *path = set ? realpath(set, NULL) : library_in_build_tree();

	if (!path && !set)
		path = library_in(HP_LIBDIR);
	if (!path) {
		hp_say("%s: %s", set ? set : HP_LIBDIR "/" LIBRARY, strerror(errno));
	} else if (strpbrk(path, ": ")) {
		hp_say("%s: LD_PRELOAD cannot name a path with a colon or space", path);
		free(path);
		path = NULL;
	}
	return path;
}

/* ---- the environment of the program ---- */

/* For a profile: a program in C alone has nothing that could read its stacks. */
static const char *unwinder(void)
{
	return getenv("HPALLOC_PROFILE") ? ":libgcc_s.so.1" : "";
}

/* Puts the library before those that are to be preloaded anyway. */
static int preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	bool has_others = others && *others;
	char *list = NULL;
	int error;

	if (asprintf(&list, "%s%s%s%s", library, unwinder(), has_others ? ":" : "",
		     has_others ? others : "") < 0)
		return -1;
	error = setenv("LD_PRELOAD", list, 1);
	free(list);
	return error;
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void report(const struct hp_page *page)
{
	struct hp_published published = hp_page_get(page);
	struct hp_machine machine;
	char *text;

	hp_machine_read(&machine);
	text = hp_report_text(&published, &machine);
	if (text)
		hp_say("%s", text);
	free(text);
}

static int run_with_page(const char *path, char *const *arguments, const char *library,
			 const struct hp_page *page)
{
	int status, error;

	if (preload(library) || setenv(PUBLISH_VARIABLE, page->path, 1)) {
		hp_say("%s", strerror(errno));
		return HP_EXIT_FAILED;
	}
	error = hp_child_run(path, arguments, &page->shared->pid, &status);
	if (error) {
		hp_say("%s: %s", arguments[0], strerror(-error));
		return hp_exit_of_errno(-error);
	}
	report(page);
	return exit_status(status);
}

static int run(char *const *arguments)
{
	struct hp_page page;
	char *path = NULL, *library = NULL;
	int status = hp_program_find(arguments[0], &path), error;

	if (!status)
		status = hp_program_check(path);
	if (!status && !(library = find_library()))
		status = HP_EXIT_FAILED;
	if (!status) {
		error = hp_page_init(&page);
		if (error) {
			hp_say("no directory for the counters: %s", strerror(-error));
			status = HP_EXIT_FAILED;
		} else {
			status = run_with_page(path, arguments, library, &page);
			hp_page_fini(&page);
		}
	}
	free(library);
	free(path);
	return status;
}

/* ---- the command line ---- */

struct command {
	const struct hp_option *options;
	size_t option_count;
	char **arguments; /* of the program, its name first */
};

/* argp numbers the options of the table from here on, above all characters. */
#define OPTION_KEY 256

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct command *command = state->input;

	if (key >= OPTION_KEY && (size_t)(key - OPTION_KEY) < command->option_count) {
		const struct hp_option *option = &command->options[key - OPTION_KEY];

		return setenv(option->variable, text ? text : "1", 1) ? errno : 0;
	}
	switch (key) {
	case ARGP_KEY_ARG:
		command->arguments = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		hp_say("run: which program?");
		return HP_ARGUMENTS_SAID;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *argument_name(enum hp_option_type type)
{
	return type == HP_TYPE_BOOL ? "0|1" : type == HP_TYPE_TEXT ? "TEXT" : "VALUE";
}

/* An option for each one of the library, but for PUBLISH_VARIABLE; ended by zeros. */
static struct argp_option *make_argp_options(const struct command *command)
{
	struct argp_option *made = calloc(command->option_count + 1, sizeof(*made)), *next = made;

	for (size_t i = 0; made && i < command->option_count; i++) {
		const struct hp_option *option = &command->options[i];

		if (strcmp(option->variable, PUBLISH_VARIABLE) == 0)
			continue;
		*next++ = (struct argp_option){
			.name = option->name,
			.key = OPTION_KEY + (int)i,
			.arg = argument_name(option->type),
			.flags = option->type == HP_TYPE_BOOL ? OPTION_ARG_OPTIONAL : 0,
			.doc = option->help,
		};
	}
	return made;
}

int hp_verb_run(int argc, char **argv)
{
	static const struct argp_child help[] = { { .argp = &hp_help_argp }, { 0 } };
	struct command command = { 0 };
	struct argp run_argp = {
		.parser = parse,
		.children = help,
		.args_doc = "PROGRAM [ARGUMENT...]",
		.doc = "Runs PROGRAM with its heap on huge pages and says on standard error how "
		       "much of it was.\v"
		       "Each option sets the environment variable of its name: --decay-ms=0 is "
		       "HPALLOC_DECAY_MS=0. The exit status is that of PROGRAM, 128+N if signal N "
		       "ended it, 127 if there is no such program, 126 if it cannot be run so, "
		       "125 if hpalloc itself fails.",
	};
	int status;

	command.options = hp_options_get(&command.option_count);
	run_argp.options = make_argp_options(&command);
	if (!run_argp.options)
		return HP_EXIT_FAILED;
	status = hp_arguments_parse(&run_argp, argc, argv, &command);
	return status ? status : run(command.arguments);
}

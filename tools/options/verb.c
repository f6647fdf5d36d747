/* The verb `options`: the table, and what holds here or in a process that runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arguments.h"
#include "common/say.h"
#include "live/process.h"
#include "machine/machine.h"
#include "options/options.h"
#include "run/program.h"
#include "verbs.h"

/* Of a value that is set. */
#define SHOWN_BYTES 100

/* What is set may be anything, and has one place in one line. */
static void format_setting(char out[static SHOWN_BYTES], const char *text)
{
	if (snprintf(out, SHOWN_BYTES, "%s", *text ? text : "\"\"") >= SHOWN_BYTES)
		strcpy(out + SHOWN_BYTES - sizeof("..."), "...");
	hp_make_harmless(out, strlen(out));
}

static void print_option(const struct hp_option *option, const char *set)
{
	char value[SHOWN_BYTES];
	const char *from = "default";
	static const char *const types[] = {
		[HP_TYPE_CHOICE] = "word", [HP_TYPE_BOOL] = "0|1",    [HP_TYPE_TEXT] = "text",
		[HP_TYPE_SIZE] = "size",   [HP_TYPE_UINT] = "number",
	};

	if (set)
		from = hp_option_accepts(option, set) ? "set" : "wrong";
	format_setting(value, set ? set : option->value);
	printf("%-20s %-8s %-8s %-8s %-6s %s\n", option->variable, value, from, option->value,
	       types[option->type], option->help);
}

static void print_table(hp_get_variable *get, void *context)
{
	size_t count;
	const struct hp_option *options = hp_options_get(&count);

	printf("%-20s %-8s %-8s %-8s %-6s %s\n", "VARIABLE", "VALUE", "FROM", "DEFAULT", "TYPE",
	       "MEANING");
	for (size_t i = 0; i < count; i++)
		print_option(&options[i], get(options[i].variable, context));
}

static int print_of_process(const char *pid)
{
	struct hp_process process;
	int error = hp_process_read(pid, &process);

	if (!error && !process.environment)
		error = -EACCES;
	if (error) {
		hp_say("process %s: %s", pid, strerror(-error));
		return HP_EXIT_FAILED;
	}
	print_table(hp_process_variable, &process);
	hp_process_done(&process);
	return EXIT_SUCCESS;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	const char **pid = state->input;

	if (key != ARGP_KEY_ARG || *pid)
		return ARGP_ERR_UNKNOWN;
	if (!*text || strlen(text) > 9 || strspn(text, "0123456789") != strlen(text)) {
		hp_say("'%s' is no process: its number is asked for", text);
		return HP_ARGUMENTS_SAID;
	}
	*pid = text;
	return 0;
}

static const struct argp options_argp = {
	.parser = parse,
	.args_doc = "[PID]",
	.doc = "Prints the options of the library: the environment variable, its value here or in "
	       "a process, where that is from, its default, its type, and what it does. A size "
	       "may end in K, M, G or T.\v"
	       "FROM is 'set' where the environment sets it, 'wrong' where it sets what the "
	       "library "
	       "does not take, so that the default holds.",
};

int hp_verb_options(int argc, char **argv)
{
	const char *pid = NULL;
	int status = hp_arguments_parse(&options_argp, argc, argv, &pid);

	if (status)
		return status;
	if (pid)
		status = print_of_process(pid);
	else
		print_table(hp_machine_own_variable, NULL);
	return fflush(stdout) ? EXIT_FAILURE : status;
}

/* The verb `trace record`: `hpalloc run` with a trace, and what became of that. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arguments.h"
#include "common/say.h"
#include "run/program.h"
#include "trace/trace.h"
#include "verbs.h"

struct command {
	char *path;
	char **program;
	bool is_forced;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct command *command = state->input;

	switch (key) {
	case 'f':
		command->is_forced = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!command->path) {
			command->path = text;
			return 0;
		}
		command->program = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (command->program)
			return 0;
		hp_say("trace record: which %s?", command->path ? "program" : "file");
		return HP_ARGUMENTS_SAID;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The library follows no symbolic link: its path has none. NULL, which is said, on failure. */
static char *resolved(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	char *real = directory ? realpath(directory, NULL) : NULL, *result = NULL;

	if (!real)
		hp_say("%s: %s", directory ? directory : path, strerror(errno));
	else if (asprintf(&result, "%s/%s", strcmp(real, "/") ? real : "",
			  slash ? slash + 1 : path) < 0)
		result = NULL;
	free(directory);
	free(real);
	return result;
}

/* The file is the program's to create: nothing may be there. */
static bool make_way(const char *path, bool is_forced)
{
	struct stat status;

	if (lstat(path, &status))
		return true;
	if (!is_forced || !S_ISREG(status.st_mode)) {
		hp_say("%s: %s", path,
		       is_forced ? "is no regular file" : "exists; --force replaces it");
		return false;
	}
	if (!unlink(path))
		return true;
	hp_say("%s: %s", path, strerror(errno));
	return false;
}

/* Files PATH.PID: of programs that were started, and of children. */
static size_t count_others(const char *path)
{
	char *pattern = NULL;
	glob_t found = { 0 };
	size_t count = 0;

	if (asprintf(&pattern, "%s.*", path) < 0)
		return 0;
	if (!glob(pattern, GLOB_NOSORT, NULL, &found))
		count = found.gl_pathc;
	globfree(&found);
	free(pattern);
	return count;
}

static void say_what_came(const char *path)
{
	size_t others = count_others(path);
	struct hp_tape tape;
	int error = hp_tape_open(path, &tape);

	if (error) {
		hp_say("no trace was written to %s", path);
		return;
	}
	hp_say("%llu events in %s; 'hpalloc trace summary' tells about them",
	       (unsigned long long)tape.events, path);
	if (others)
		hp_say("other processes wrote files of their own: %zu %s.*", others, path);
	hp_tape_close(&tape);
}

static int run(const struct command *command, const char *path, int count)
{
	static char name[] = "hpalloc trace record", stop[] = "--";
	char **arguments = calloc((size_t)count + 4, sizeof(char *));
	int status = HP_EXIT_FAILED;

	if (!arguments || setenv("HPALLOC_TRACE", path, 1)) {
		hp_say("%s", strerror(errno));
	} else {
		arguments[0] = name;
		arguments[1] = stop;
		for (int i = 0; i < count; i++)
			arguments[2 + i] = command->program[i];
		status = hp_verb_run(count + 2, arguments);
		say_what_came(path);
	}
	free(arguments);
	return status;
}

int hp_trace_record(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ .name = "force", .key = 'f', .doc = "Replace FILE if it exists" },
		{ 0 },
	};
	static const struct argp record_argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE PROGRAM [ARGUMENT...]",
		.doc = "Runs PROGRAM as `hpalloc run` does, and records every malloc and free in "
		       "FILE.\v"
		       "Programs that it starts, and children that it forks, write files of "
		       "their own: FILE and their process id.",
	};
	struct command command = { 0 };
	int status = hp_arguments_parse(&record_argp, argc, argv, &command);
	char *path;

	if (status)
		return status;
	path = resolved(command.path);
	if (!path || !make_way(path, command.is_forced))
		status = HP_EXIT_FAILED;
	else
		status = run(&command, path, (int)(argv + argc - command.program));
	free(path);
	return status;
}

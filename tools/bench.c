/*
 * The verb `bench`: the benchmarks of the project on this machine, in processes of their own that
 * Python starts. What follows the verb is for their runner, benchmarks/run.py or memory/run.py.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/arguments.h"
#include "common/helper.h"
#include "common/python.h"
#include "run/program.h"
#include "verbs.h"

struct runner {
	const char *script;
	char *called, *results; /* what the user calls it, and where it puts what it finds */
};

/* For Python first, then the runner's own: see benchmarks/place.py. */
static int become(const struct runner *runner, char **users)
{
	char *script =
		hp_helper_find(HP_DATADIR "/benchmarks", "../benchmarks/runners", runner->script);
	char *programs = script ? hp_helper_find(HP_LIBEXECDIR, "..", "benchmarks") : NULL;
	char *library = programs ? hp_helper_library() : NULL;
	char *own[] = { NULL, script, runner->called, programs, library, runner->results };
	const size_t own_count = sizeof(own) / sizeof(*own);
	size_t count = 0;
	char **arguments;

	while (users[count])
		count++;
	arguments = library ? calloc(own_count + count + 1, sizeof(*arguments)) : NULL;
	/* What is installed stays as it is. */
	if (arguments && !setenv("PYTHONDONTWRITEBYTECODE", "1", 1)) {
		memcpy(arguments, own, sizeof(own));
		memcpy(arguments + own_count, users, count * sizeof(*users));
		hp_python_become(arguments);
	}
	free(arguments);
	free(library);
	free(programs);
	free(script);
	return HP_EXIT_FAILED;
}

static bool asks_for_help(const char *argument)
{
	static const char *const asking[] = { "--help", "-?", "--usage", "--version", "-V" };

	for (size_t i = 0; argument && i < sizeof(asking) / sizeof(*asking); i++) {
		if (strcmp(argument, asking[i]) == 0)
			return true;
	}
	return false;
}

int hp_verb_bench(int argc, char **argv)
{
	static char bench[] = "hpalloc bench", bench_results[] = "bench-results";
	static char memory[] = "hpalloc bench memory", memory_results[] = "bench-memory";
	static const struct argp bench_argp = {
		.args_doc = "[memory] [OPTION...]",
		.doc = "Measures libhpalloc against the other allocators of this machine, on "
		       "workloads and on programs; with 'memory', what reading and allocating "
		       "costs by size and kind of page. Leaves figures as CSV, a page with plots, "
		       "or pictures, in bench-results or bench-memory here, or where --output "
		       "says.\v"
		       "'hpalloc bench -h' lists the options, of which --quick is the first to "
		       "know: minutes instead of hours. Needs Python 3, and for plots "
		       "matplotlib (Debian's python3-matplotlib).",
	};
	struct runner runner = { "run.py", bench, bench_results };

	if (asks_for_help(argv[1]))
		return hp_arguments_parse(&bench_argp, argc, argv, NULL);
	if (argv[1] && strcmp(argv[1], "memory") == 0) {
		runner = (struct runner){ "memory/run.py", memory, memory_results };
		argv++;
	}
	return become(&runner, argv + 1);
}

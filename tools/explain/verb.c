/* The verb `explain`: of a process that runs, or of a program that it runs to its end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/amounts.h"
#include "common/arguments.h"
#include "common/say.h"
#include "explain/explanation.h"
#include "live/live.h"
#include "live/process.h"
#include "options/settings.h"
#include "run/launch.h"
#include "run/program.h"
#include "verbs.h"

/* Long enough to tell a busy process, short enough to wait for. */
#define SAMPLE_MS 500

enum status {
	EXPLAINED,
	NOTHING_TO_EXPLAIN, /* it publishes nothing */
	NO_SUCH_PROCESS,
};

static void report(const struct hp_launch *launch, const struct hp_published *page,
		   const struct hp_machine *machine)
{
	struct hp_tlb tlb;

	(void)launch;
	hp_tlb_read(&tlb);
	hp_explanation_print(stderr,
			     &(struct hp_explained){
				     .page = page->magic == HP_PUBLISHED_MAGIC ? page : NULL,
				     .machine = machine,
				     .tlb = &tlb,
			     });
	fflush(stderr);
}

/* What the process has of the pool is no others': more is needed only beside that. */
static void discount_own(struct hp_machine *machine, const struct hp_stats *stats)
{
	uint64_t others = machine->pool_pages - machine->free_pages;
	uint64_t own = stats->hugetlb_bytes / HP_HUGEPAGE_BYTES;

	machine->free_pages += own < others ? own : others;
}

static int explain(const char *pid)
{
	struct hp_process process;
	struct hp_machine machine;
	struct hp_tlb tlb;
	int error = hp_process_read(pid, &process), status;

	if (error) {
		hp_say("process %s: %s", pid, strerror(-error));
		return NO_SUCH_PROCESS;
	}
	hp_machine_read(pid, hp_process_variable, &process, &machine);
	hp_process_ask(&process);
	discount_own(&machine, &process.page.stats);
	hp_tlb_read(&tlb);
	if (process.has_page)
		hp_tlb_measure(&tlb, atoi(pid), SAMPLE_MS);
	hp_explanation_print(
		stdout, &(struct hp_explained){
				.page = process.has_page ? &process.page : NULL,
				.machine = &machine,
				.process = &process,
				.tlb = &tlb,
				.age_ms = hp_live_age_ms(&(struct hp_live){ .page = process.page }),
			});
	status = process.has_page ? EXPLAINED : NOTHING_TO_EXPLAIN;
	hp_process_done(&process);
	return fflush(stdout) ? HP_EXIT_FAILED : status;
}

/* ---- the command line ---- */

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct hp_launch *launch = state->input;

	(void)text;
	switch (key) {
	case ARGP_KEY_ARG:
		launch->arguments = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		hp_say("explain: which process, or which program?");
		return HP_ARGUMENTS_SAID;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The argument vector of a program, or one number alone that did not come after "--". */
static bool is_process(char *const *arguments)
{
	const size_t length = strlen(arguments[0]);

	return !arguments[1] && strcmp(arguments[-1], "--") != 0 && length && length < 10 &&
	       strspn(arguments[0], "0123456789") == length;
}

int hp_verb_explain(int argc, char **argv)
{
	const struct argp_child children[] = {
		{ .argp = hp_settings_argp(), .header = "Variables of the library:", .group = 1 },
		{ 0 },
	};
	const struct argp explain_argp = {
		.parser = parse,
		.children = children,
		.args_doc = "PID\n[--] PROGRAM [ARGUMENT...]",
		.doc = "Says in plain words on which pages the heap of a process stands, why not "
		       "on better ones, and what would change that. PROGRAM is run first, as by "
		       "'hpalloc run'.\v"
		       "Of a process the exit status is 0, 1 if it publishes no counters ('hpalloc "
		       "run' starts one that does), 2 if there is none; of PROGRAM as that of "
		       "'hpalloc run'.",
	};
	struct hp_launch launch = { .report = report };
	int status;

	if (!children[0].argp)
		return HP_EXIT_FAILED;
	status = hp_arguments_parse(&explain_argp, argc, argv, &launch);
	if (status)
		return status;
	return is_process(launch.arguments) ? explain(launch.arguments[0]) : hp_launch(&launch);
}

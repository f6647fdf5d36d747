/*
 * The verb `demo`, for a newcomer: two programs on the C library's heap and on ours, in turns.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/amounts.h"
#include "common/arguments.h"
#include "common/helper.h"
#include "common/say.h"
#include "common/trial.h"
#include "demo/demo.h"
#include "pool/reserve.h"
#include "run/program.h"
#include "verbs.h"

#define ROUNDS_DEFAULT 5
#define ROUNDS_MAX 100
/* Of the pool: the walk, the list of its nodes, and what the heap begins with. */
#define POOL_BYTES (HP_DEMO_WALK_BYTES + 64 * HP_MB)

struct stage {
	char *helper, *library;
	bool has_pool;
	size_t rounds;
	double ns[HP_DEMO_HEAPS][HP_DEMO_COUNT][ROUNDS_MAX];
	hp_demo_results results;
};

static volatile sig_atomic_t is_stopped;

static void stop(int number)
{
	(void)number;
	is_stopped = true;
}

/* Whoever is told to stop, or has nobody to tell any more, puts the pool back first. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (signal(numbers[i], stop) == SIG_IGN)
			signal(numbers[i], SIG_IGN);
	}
	signal(SIGPIPE, SIG_IGN);
}

static bool run(struct stage *stage, enum hp_demo_heap heap, enum hp_demo demo, unsigned round)
{
	static const char *const names[] = { "the C library", "hpalloc", "hpalloc on the pool" };
	static const char *const backings[] = { NULL, "thp", "hugetlb" };
	const struct hp_trial trial = {
		.name = names[heap],
		.helper = stage->helper,
		.argument = demo == HP_DEMO_WALK ? "walk" : "pair",
		.library = heap == HP_DEMO_PLAIN ? NULL : stage->library,
		.backing = backings[heap],
	};
	struct hp_demo_result *result = &stage->results[heap][demo];
	uint64_t unused;

	if (!hp_trial_run(&trial, &result->answer, sizeof(result->answer), &unused))
		return false;
	stage->ns[heap][demo][round] = result->answer.ns;
	result->answer.ns = hp_trial_median(stage->ns[heap][demo], round + 1);
	result->is_measured = true;
	return true;
}

static bool run_round(struct stage *stage, unsigned round)
{
	if (isatty(STDERR_FILENO))
		dprintf(STDERR_FILENO, "\rround %u of %zu ", round + 1, stage->rounds);
	for (enum hp_demo demo = 0; demo < HP_DEMO_COUNT; demo++) {
		for (enum hp_demo_heap heap = 0; heap < HP_DEMO_HEAPS; heap++) {
			if (heap == HP_DEMO_POOL && !stage->has_pool)
				continue;
			if (is_stopped || !run(stage, heap, demo, round))
				return false;
		}
	}
	return true;
}

static int run_all(struct stage *stage)
{
	bool is_well = true;

	for (unsigned round = 0; round < stage->rounds && is_well; round++)
		is_well = run_round(stage, round);
	if (isatty(STDERR_FILENO))
		dprintf(STDERR_FILENO, "\r%16s\r", "");
	if (!is_well)
		return HP_EXIT_FAILED;
	hp_demo_print(stdout, stage->results);
	return fflush(stdout) ? HP_EXIT_FAILED : EXIT_SUCCESS;
}

/* Enlarges the pool for the time; without it there is a row less. */
static int run_with_pool(struct stage *stage)
{
	struct hp_pool_change change;
	int error, status;

	catch_signals();
	error = hp_reserve_pages(POOL_BYTES, &change);
	stage->has_pool = !error && change.bound == HP_POOL_REACHED;
	if (error)
		hp_pool_say_error(&change, error);
	else if (!stage->has_pool)
		hp_pool_say_change(&change);
	if (!stage->has_pool)
		hp_say("without %u MB of the pool, its pages are not in the table",
		       (unsigned)(POOL_BYTES / HP_MB));
	status = run_all(stage);
	if (change.after != change.before) {
		change.target = change.before;
		if (hp_pool_resize(&change) || change.bound != HP_POOL_REACHED)
			hp_pool_say_change(&change);
	}
	return status;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct stage *stage = state->input;

	if (key != 'r')
		return ARGP_ERR_UNKNOWN;
	if (!hp_arguments_number(text, 1, ROUNDS_MAX, &stage->rounds)) {
		hp_say("demo: --rounds wants a number from 1 to %d", ROUNDS_MAX);
		return HP_ARGUMENTS_SAID;
	}
	return 0;
}

int hp_verb_demo(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ .name = "rounds", .key = 'r', .arg = "N", .doc = "The median of so many (5)" },
		{ 0 },
	};
	static const struct argp demo_argp = {
		.options = options,
		.parser = parse,
		.doc = "Shows in a minute or two what huge pages and the allocator are worth: a "
		       "walk through memory that the TLB does not reach, and a program that "
		       "mostly allocates, on the C library's heap and on this one.\v"
		       "Needs 400 MB of memory. As root it enlarges the pool of huge pages for "
		       "the time, by up to 320 MB more, and puts it back.",
	};
	struct stage *stage = calloc(1, sizeof(*stage));
	int status = HP_EXIT_FAILED;

	if (stage) {
		stage->rounds = ROUNDS_DEFAULT;
		status = hp_arguments_parse(&demo_argp, argc, argv, stage);
	}
	if (!status) {
		stage->helper = hp_helper_find(HP_LIBEXECDIR, ".", "hpalloc-demo");
		stage->library = hp_helper_library();
		status = HP_EXIT_FAILED;
		if (stage->helper && stage->library)
			status = run_with_pool(stage);
		free(stage->helper);
		free(stage->library);
	}
	free(stage);
	return status;
}

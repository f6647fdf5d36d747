/* The verb `stat`: the heap of running processes that publish their counters. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/say.h"
#include "live/figures.h"
#include "live/refresh.h"
#include "run/program.h"
#include "verbs.h"

enum { ANSWER_MS = 200 };

enum form { TEXT, JSON, PROMETHEUS };

struct command {
	const char *who; /* a number, a name, or NULL: all */
	enum form form;
	struct hp_refresh refresh;
};

/* ---- which ---- */

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* A name is as the kernel has it, or longer and cut by it. */
static bool is_meant(const struct hp_live *live, const char *who)
{
	if (!who)
		return true;
	if (is_number(who) && strtoull(who, NULL, 10) == (unsigned long long)live->pid)
		return true;
	return strncmp(live->name, who, HP_LIVE_NAME_BYTES - 1) == 0;
}

/* Only those that are meant are left; returns their number. */
static size_t choose(struct hp_live *list, size_t count, const char *who)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct hp_live live = list[i];

		/* The others are closed with the list, behind those that are kept. */
		if (is_meant(&live, who)) {
			list[i] = list[kept];
			list[kept++] = live;
		}
	}
	return kept;
}

static int say_none(const char *who)
{
	if (!who)
		hp_say("no process publishes its counters: start one with HPALLOC_PUBLISH=1");
	else if (is_number(who) && kill((pid_t)strtol(who, NULL, 10), 0) && errno == ESRCH)
		hp_say("there is no process %s", who);
	else
		hp_say("no process %s publishes its counters: start it with HPALLOC_PUBLISH=1",
		       who);
	return EXIT_FAILURE;
}

/* ---- what ---- */

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print(const struct command *command, const struct hp_live *list, size_t count,
		  const struct hp_published *before, double seconds)
{
	if (command->form == PROMETHEUS) {
		hp_figures_prometheus(stdout, list, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct hp_rates rates;

		if (before)
			rates = hp_rates_between(&before[i], &list[i].page, seconds);
		if (command->form == JSON) {
			hp_figures_json(stdout, &list[i], before ? &rates : NULL);
			continue;
		}
		if (i)
			putchar('\n');
		hp_figures_text(stdout, &list[i], before ? &rates : NULL);
	}
}

/* Reads all anew, the pages of before kept; those that are gone leave the list. */
static size_t read_all(struct hp_live *list, size_t count, struct hp_published *before)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct hp_live live = list[i];
		struct hp_published page = live.page;

		if (!hp_live_read(&live))
			continue;
		list[i] = list[kept];
		before[kept] = page;
		list[kept++] = live;
	}
	return kept;
}

/* Until the last of them is gone, or as often as asked for. */
static int show(const struct command *command, struct hp_live *list, size_t count)
{
	struct hp_published *before = calloc(count, sizeof(*before));
	double last = now_seconds();

	if (!before)
		return HP_EXIT_FAILED;
	hp_live_ask(list, count);
	hp_live_wait(list, count, ANSWER_MS);
	count = read_all(list, count, before);
	for (uint64_t done = 0; count; done++) {
		double now = now_seconds();

		if (command->form == TEXT)
			hp_refresh_clear(&command->refresh, done);
		print(command, list, count, done ? before : NULL, now - last);
		last = now;
		if (fflush(stdout))
			break;
		hp_live_ask(list, count);
		if (!hp_refresh_wait(&command->refresh, done + 1))
			break;
		count = read_all(list, count, before);
	}
	free(before);
	return ferror(stdout) ? HP_EXIT_FAILED : EXIT_SUCCESS;
}

/* ---- the command line ---- */

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct command *command = state->input;

	switch (key) {
	case 'j':
		command->form = JSON;
		return 0;
	case 'p':
		command->form = PROMETHEUS;
		return 0;
	case ARGP_KEY_ARG:
		if (command->who)
			return ARGP_ERR_UNKNOWN;
		command->who = text;
		return 0;
	default:
		return hp_refresh_parse(key, text, &command->refresh);
	}
}

static const struct argp_option options[] = {
	HP_REFRESH_OPTIONS,
	{ .name = "json", .key = 'j', .doc = "One JSON object a line for each process" },
	{ .name = "prometheus", .key = 'p', .doc = "The text format that Prometheus reads" },
	{ 0 },
};

static const struct argp stat_argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[PID|NAME]",
	.doc = "Shows the heap of running processes, those of that name, or all, that publish "
	       "their counters: started with HPALLOC_PUBLISH=1, or by 'hpalloc run'.\v"
	       "What takes a walk over the heap is as old as said: the process answers when it "
	       "next comes to a slow path of malloc. Blocks allocated and freed a second are "
	       "bounds from below: hits are not counted. The exit status is 1 if there is no such "
	       "process.",
};

int hp_verb_stat(int argc, char **argv)
{
	struct command command = { 0 };
	struct hp_live *list;
	size_t all, count;
	int status = hp_arguments_parse(&stat_argp, argc, argv, &command);

	if (status)
		return status;
	all = hp_live_find(&list);
	count = choose(list, all, command.who);
	status = count ? show(&command, list, count) : say_none(command.who);
	hp_live_free(list, all);
	return status;
}

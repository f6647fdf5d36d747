/* The verb `doctor`: runs the checks and prints what to do, in order of effect. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arguments.h"
#include "common/json.h"
#include "common/say.h"
#include "doctor/checks.h"
#include "machine/files.h"
#include "machine/machine.h"
#include "run/program.h"
#include "verbs.h"

/* In order of effect. That of thp comes after that of the pool, on which its weight depends. */
static hp_check *const checks[] = {
	hp_check_kernel,     hp_check_pool,	     hp_check_cgroup_hugetlb, hp_check_environment,
	hp_check_thp,	     hp_check_thp_process,   hp_check_address_space,  hp_check_data,
	hp_check_overcommit, hp_check_cgroup_memory, hp_check_fragmentation,  hp_check_defrag,
	hp_check_mappings,   hp_check_hugetlbfs,     hp_check_nodes,	      hp_check_khugepaged,
	hp_check_locked,     hp_check_container,
};

_Static_assert(sizeof(checks) / sizeof(*checks) <= HP_FINDINGS_MAX, "each adds one at most");

static const char *const state_names[HP_STATES] = {
	[HP_FINE] = "fine",
	[HP_NOTE] = "note",
	[HP_IMPROVE] = "improve",
	[HP_BROKEN] = "broken",
};

/* ---- what the checks add ---- */

static char *format_text(const char *format, va_list arguments)
	__attribute__((format(printf, 1, 0)));

static char *format_text(const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		return NULL;
	hp_make_harmless(text, strlen(text));
	return text;
}

struct hp_finding *hp_found(struct hp_diagnosis *diagnosis, const char *check, enum hp_state state,
			    const char *format, ...)
{
	struct hp_finding *finding = &diagnosis->findings[diagnosis->count++];
	va_list arguments;

	finding->check = check;
	finding->state = state;
	va_start(arguments, format);
	finding->text = format_text(format, arguments);
	va_end(arguments);
	return finding;
}

void hp_found_command(struct hp_finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	finding->command = format_text(format, arguments);
	va_end(arguments);
}

void hp_found_container(struct hp_finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	finding->container = format_text(format, arguments);
	va_end(arguments);
}

/* ---- the run ---- */

static void diagnose(struct hp_diagnosis *diagnosis)
{
	diagnosis->is_container = hp_machine_is_container();
	diagnosis->meminfo = hp_file_read("/proc/meminfo");
	diagnosis->limits = hp_file_read("/proc/self/limits");
	diagnosis->status = hp_file_read("/proc/self/status");
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		checks[i](diagnosis);
}

static void forget(struct hp_diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->count; i++) {
		free(diagnosis->findings[i].text);
		free(diagnosis->findings[i].command);
		free(diagnosis->findings[i].container);
	}
	free(diagnosis->meminfo);
	free(diagnosis->limits);
	free(diagnosis->status);
}

static enum hp_state worst(const struct hp_diagnosis *diagnosis)
{
	enum hp_state state = HP_FINE;

	for (size_t i = 0; i < diagnosis->count; i++) {
		if (diagnosis->findings[i].state > state)
			state = diagnosis->findings[i].state;
	}
	return state;
}

/* ---- as text ---- */

static void print_finding(const struct hp_finding *finding)
{
	printf("%s\n", finding->text ? finding->text : finding->check);
	if (finding->command)
		printf("      %s\n", finding->command);
	if (finding->container)
		printf("      in a container: %s\n", finding->container);
}

/* What is to be done, the worst first; returns how many. */
static unsigned print_tasks(const struct hp_diagnosis *diagnosis)
{
	unsigned number = 0;

	for (int state = HP_BROKEN; state >= HP_IMPROVE; state--) {
		for (size_t i = 0; i < diagnosis->count; i++) {
			if ((int)diagnosis->findings[i].state != state)
				continue;
			if (!number)
				puts("To do, what has most effect first:");
			printf("%3u. ", ++number);
			print_finding(&diagnosis->findings[i]);
		}
	}
	return number;
}

static void print_others(const struct hp_diagnosis *diagnosis, enum hp_state state,
			 const char *title)
{
	bool is_first = true;

	for (size_t i = 0; i < diagnosis->count; i++) {
		if (diagnosis->findings[i].state != state)
			continue;
		if (is_first)
			printf("%s\n", title);
		is_first = false;
		fputs("   - ", stdout);
		print_finding(&diagnosis->findings[i]);
	}
}

static void print_text(const struct hp_diagnosis *diagnosis)
{
	if (!print_tasks(diagnosis))
		puts("There is nothing to do: a heap gets huge pages here.");
	print_others(diagnosis, HP_NOTE, "To know:");
	print_others(diagnosis, HP_FINE, "Fine:");
}

/* ---- as JSON ---- */

static void write_json(const struct hp_diagnosis *diagnosis)
{
	struct hp_json json = { .out = stdout };

	hp_json_begin(&json, NULL, '{');
	hp_json_text(&json, "state", state_names[worst(diagnosis)]);
	hp_json_bool(&json, "container", diagnosis->is_container);
	hp_json_begin(&json, "checks", '[');
	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct hp_finding *finding = &diagnosis->findings[i];

		hp_json_begin(&json, NULL, '{');
		hp_json_text(&json, "check", finding->check);
		hp_json_text(&json, "state", state_names[finding->state]);
		hp_json_text(&json, "text", finding->text);
		hp_json_text(&json, "command", finding->command);
		hp_json_text(&json, "in_container", finding->container);
		hp_json_end(&json, '}');
	}
	hp_json_end(&json, ']');
	hp_json_end(&json, '}');
}

/* ---- the command line ---- */

enum { KEY_JSON = 256 };

static error_t parse(int key, char *text, struct argp_state *state)
{
	(void)text;
	if (key != KEY_JSON)
		return ARGP_ERR_UNKNOWN;
	*(bool *)state->input = true;
	return 0;
}

static const struct argp_option options[] = {
	{ .name = "json", .key = KEY_JSON, .doc = "Prints all checks as JSON" },
	{ 0 },
};

static const struct argp doctor_argp = {
	.options = options,
	.parser = parse,
	.doc = "Checks what this machine offers to a heap on huge pages: kernel, pool, transparent "
	       "huge pages, limits, control groups; and prints what to do, in order of effect.\v"
	       "The exit status is 0 if all is fine, 1 if something is to be improved, 2 if no "
	       "huge page can be had at all, 125 if hpalloc itself fails.",
};

int hp_verb_doctor(int argc, char **argv)
{
	static const int statuses[HP_STATES] = { [HP_IMPROVE] = 1, [HP_BROKEN] = 2 };
	static struct hp_diagnosis diagnosis;
	bool is_json = false;
	int status = hp_arguments_parse(&doctor_argp, argc, argv, &is_json);

	if (status)
		return status;
	diagnose(&diagnosis);
	if (is_json)
		write_json(&diagnosis);
	else
		print_text(&diagnosis);
	status = statuses[worst(&diagnosis)];
	forget(&diagnosis);
	return fflush(stdout) ? HP_EXIT_FAILED : status;
}

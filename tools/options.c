/* See options.h; and the verb that prints the table. */
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "options.h"
#include "say.h"
#include "verbs.h"

/* For the library, "it chooses by itself", and "there is no limit". */
#define HP_IDLE_MAX_AUTO SIZE_MAX
#define HP_LIMIT_NONE (SIZE_MAX - 1)

struct row {
	const char *name;
	enum hp_option_type type;
	const char *word; /* the default of a CHOICE, as HP_<NAME>_<WORD> */
	uint64_t number;  /* of the others */
	const char *help;
};

#define HP_OPTION_CHOICE(name, value, help) { #name, HP_TYPE_CHOICE, #value, 0, help },
#define HP_OPTION_BOOL(name, value, help) { #name, HP_TYPE_BOOL, NULL, value, help },
#define HP_OPTION_TEXT(name, help) { #name, HP_TYPE_TEXT, NULL, 0, help },
#define HP_OPTION_SIZE(name, value, min, max, help) { #name, HP_TYPE_SIZE, NULL, value, help },
#define HP_OPTION_UINT(name, value, min, max, help) { #name, HP_TYPE_UINT, NULL, value, help },
static const struct row rows[] = {
#include "rt/options.def"
};

/* Of a value that is set. */
#define SHOWN_BYTES 100

#define ROW_COUNT (sizeof(rows) / sizeof(*rows))

/* Copies as much as fits, each character changed. */
static void copy_text(char *out, size_t bytes, const char *text, int (*change)(int))
{
	size_t i;

	for (i = 0; i + 1 < bytes && text[i]; i++)
		out[i] = (char)change((unsigned char)text[i]);
	out[i] = '\0';
}

static int to_option_name(int character)
{
	return character == '_' ? '-' : character;
}

static void format_size(char *out, size_t bytes, uint64_t value)
{
	static const char units[] = "\0KMGT";
	unsigned unit = 0;

	while (value && value % 1024 == 0 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	snprintf(out, bytes, "%" PRIu64 "%.1s", value, &units[unit]);
}

static void format_default(char *out, size_t bytes, const struct row *row)
{
	switch (row->type) {
	case HP_TYPE_CHOICE:
		copy_text(out, bytes, strrchr(row->word, '_') + 1, tolower);
		break;
	case HP_TYPE_TEXT:
		snprintf(out, bytes, "none");
		break;
	case HP_TYPE_SIZE:
		if (row->number == HP_IDLE_MAX_AUTO)
			snprintf(out, bytes, "auto");
		else if (row->number == HP_LIMIT_NONE)
			snprintf(out, bytes, "none");
		else
			format_size(out, bytes, row->number);
		break;
	case HP_TYPE_BOOL:
	case HP_TYPE_UINT:
		snprintf(out, bytes, "%" PRIu64, row->number);
	}
}

const struct hp_option *hp_options_get(size_t *out_count)
{
	static struct hp_option options[ROW_COUNT];

	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct hp_option *option = &options[i];

		option->type = rows[i].type;
		option->help = rows[i].help;
		copy_text(option->name, sizeof(option->name), rows[i].name, to_option_name);
		snprintf(option->variable, sizeof(option->variable), "HPALLOC_%s", rows[i].name);
		copy_text(option->variable, sizeof(option->variable), option->variable, toupper);
		format_default(option->value, sizeof(option->value), &rows[i]);
	}
	*out_count = ROW_COUNT;
	return options;
}

const char *hp_option_type_name(enum hp_option_type type)
{
	static const char *const names[] = {
		[HP_TYPE_CHOICE] = "word", [HP_TYPE_BOOL] = "0|1",    [HP_TYPE_TEXT] = "text",
		[HP_TYPE_SIZE] = "size",   [HP_TYPE_UINT] = "number",
	};

	return names[type];
}

/* What is set may be anything, and has one place in one line. */
static void format_setting(char out[static SHOWN_BYTES], const char *text)
{
	if (snprintf(out, SHOWN_BYTES, "%s", text ? text : "-") >= SHOWN_BYTES)
		strcpy(out + SHOWN_BYTES - sizeof("..."), "...");
	hp_make_harmless(out, strlen(out));
}

static const struct argp_child help[] = { { .argp = &hp_help_argp }, { 0 } };

static const struct argp options_argp = {
	.children = help,
	.doc = "Prints the options of the library: the environment variable, its type, its "
	       "default, "
	       "what it is set to here, and what it does. A size may end in K, M, G or T.",
};

int hp_verb_options(int argc, char **argv)
{
	const struct hp_option *options;
	size_t count;
	int status = hp_arguments_parse(&options_argp, argc, argv, NULL);

	if (status)
		return status;
	options = hp_options_get(&count);
	printf("%-20s %-7s %-8s %-8s %s\n", "VARIABLE", "TYPE", "DEFAULT", "SET TO", "MEANING");
	for (size_t i = 0; i < count; i++) {
		const struct hp_option *option = &options[i];
		char set[SHOWN_BYTES];

		format_setting(set, getenv(option->variable));
		printf("%-20s %-7s %-8s %-8s %s\n", option->variable,
		       hp_option_type_name(option->type), option->value, set, option->help);
	}
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

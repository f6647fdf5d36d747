/* See options.h. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/amounts.h"
#include "options/options.h"

/* For the library, "it chooses by itself", and "there is no limit". */
#define HP_IDLE_MAX_AUTO SIZE_MAX
#define HP_LIMIT_NONE (SIZE_MAX - 1)

#define TEXT_BYTES_MAX 4095

struct row {
	const char *name;
	enum hp_option_type type;
	const char *word; /* the default of a CHOICE, as HP_<NAME>_<WORD> */
	uint64_t number;  /* of the others */
	uint64_t min, max;
	const char *help;
};

#define HP_OPTION_CHOICE(name, value, help) { #name, HP_TYPE_CHOICE, #value, 0, 0, 0, help },
#define HP_OPTION_BOOL(name, value, help) { #name, HP_TYPE_BOOL, NULL, value, 0, 1, help },
#define HP_OPTION_TEXT(name, help) { #name, HP_TYPE_TEXT, NULL, 0, 0, TEXT_BYTES_MAX, help },
#define HP_OPTION_SIZE(name, value, min, max, help)                                                \
	{ #name, HP_TYPE_SIZE, NULL, value, min, max, help },
#define HP_OPTION_UINT(name, value, min, max, help)                                                \
	{ #name, HP_TYPE_UINT, NULL, value, min, max, help },
static const struct row rows[] = {
#include "rt/options.def"
};

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

static void format_default(char out[static HP_OPTION_NAME_BYTES], const struct row *row)
{
	const size_t bytes = HP_OPTION_NAME_BYTES;

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
			hp_amount_exact(out, row->number);
		break;
	case HP_TYPE_BOOL:
	case HP_TYPE_UINT:
		snprintf(out, bytes, "%" PRIu64, row->number);
	}
}

/*
 * What the table does not say: the words of a CHOICE, and how else a value is called in the help.
 * Options that are not in the table are no options here either.
 */
static const struct form {
	const char *name, *argument, *alone;
} forms[] = {
	{ "backing", "auto|hugetlb|thp|base", NULL },
	{ "fork", "auto|keep|snapshot", NULL },
	{ "hugetlbfs", "DIRECTORY", NULL },
	{ "profile", "FILE", NULL },
	{ "stats", "1|json|FILE", "1" },
	{ "trace", "FILE", NULL },
};

static void dress(struct hp_option *option)
{
	static const char *const arguments[] = {
		[HP_TYPE_CHOICE] = "WORD", [HP_TYPE_BOOL] = "0|1",    [HP_TYPE_TEXT] = "TEXT",
		[HP_TYPE_SIZE] = "SIZE",   [HP_TYPE_UINT] = "NUMBER",
	};

	option->argument = arguments[option->type];
	option->alone = option->type == HP_TYPE_BOOL ? "1" : NULL;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (strcmp(forms[i].name, option->name) == 0) {
			option->argument = forms[i].argument;
			option->alone = forms[i].alone;
		}
	}
}

const struct hp_option *hp_options_get(size_t *out_count)
{
	static struct hp_option options[ROW_COUNT];

	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct hp_option *option = &options[i];

		option->type = rows[i].type;
		option->help = rows[i].help;
		option->min = rows[i].min;
		option->max = rows[i].max;
		copy_text(option->name, sizeof(option->name), rows[i].name, to_option_name);
		snprintf(option->variable, sizeof(option->variable), "HPALLOC_%s", rows[i].name);
		copy_text(option->variable, sizeof(option->variable), option->variable, toupper);
		format_default(option->value, &rows[i]);
		dress(option);
	}
	*out_count = ROW_COUNT;
	return options;
}

static bool is_word_of(const char *words, const char *value)
{
	const size_t length = strlen(value);

	for (;; words++) {
		size_t bytes = strcspn(words, "|");

		if (bytes == length && memcmp(words, value, length) == 0)
			return true;
		words += bytes;
		if (!*words)
			return false;
	}
}

bool hp_option_accepts(const struct hp_option *option, const char *value)
{
	uint64_t number;

	switch (option->type) {
	case HP_TYPE_CHOICE:
	case HP_TYPE_BOOL:
		return is_word_of(option->argument, value);
	case HP_TYPE_TEXT:
		return strlen(value) <= option->max;
	case HP_TYPE_UINT:
		if (strspn(value, "0123456789") != strlen(value))
			return false;
		__attribute__((fallthrough));
	case HP_TYPE_SIZE:
		return hp_amount_parse(value, &number) && number >= option->min &&
		       number <= option->max;
	}
	return false;
}

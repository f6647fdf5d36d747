/* See options.h. One pass over the environment; each name is looked up in the table. */
#include "rt/options.h"

#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "os/os.h"

static const char PREFIX[] = "HPALLOC_";

enum { TEXT_MAX = 4095 };

/* Read by the command `hpalloc`, not by the library. */
static const char *const foreign_names[] = { "PRELOAD_LIBRARY" };

enum type { TYPE_SIZE, TYPE_UINT, TYPE_BOOL, TYPE_CHOICE, TYPE_TEXT };

struct entry {
	const char *name;
	enum type type;
	size_t offset;
	uint64_t min, max;
	const char *const *choices;
};

struct hp_options hp_options = {
#define HP_OPTION_SIZE(name, value, min, max, help) .name = value,
#define HP_OPTION_UINT(name, value, min, max, help) .name = value,
#define HP_OPTION_BOOL(name, value, help) .name = value,
#define HP_OPTION_CHOICE(name, value, help) .name = value,
#define HP_OPTION_TEXT(name, help) .name = NULL,
#include "rt/options.def"
#undef HP_OPTION_SIZE
#undef HP_OPTION_UINT
#undef HP_OPTION_BOOL
#undef HP_OPTION_CHOICE
#undef HP_OPTION_TEXT
};

#define CHOICES(name) ((const char *const[]){ HP_CHOICES_##name, NULL })
#define ENTRY(name, type, min, max, choices)                                                       \
	{ #name, type, offsetof(struct hp_options, name), min, max, choices },

static const struct entry table[] = {
#define HP_OPTION_SIZE(name, value, min, max, help) ENTRY(name, TYPE_SIZE, min, max, NULL)
#define HP_OPTION_UINT(name, value, min, max, help) ENTRY(name, TYPE_UINT, min, max, NULL)
#define HP_OPTION_BOOL(name, value, help) ENTRY(name, TYPE_BOOL, 0, 1, NULL)
#define HP_OPTION_CHOICE(name, value, help) ENTRY(name, TYPE_CHOICE, 0, 0, CHOICES(name))
#define HP_OPTION_TEXT(name, help) ENTRY(name, TYPE_TEXT, 0, 0, NULL)
#include "rt/options.def"
};

enum { ENTRIES = sizeof(table) / sizeof(table[0]) };

/* Compares "decay_ms" with "DECAY_MS=1000"; returns the value, or NULL. */
static const char *match(const char *name, const char *variable)
{
	for (; *name; name++, variable++) {
		char upper = *name >= 'a' && *name <= 'z' ? (char)(*name & ~0x20) : *name;

		if (*variable != upper)
			return NULL;
	}
	return *variable == '=' ? variable + 1 : NULL;
}

static bool parse_choice(const struct entry *entry, const char *text, uint64_t *out_value)
{
	for (unsigned i = 0; entry->choices[i]; i++) {
		if (!strcmp(text, entry->choices[i])) {
			*out_value = i;
			return true;
		}
	}
	return false;
}

static bool parse(const struct entry *entry, const char *text, uint64_t *out_value)
{
	if (entry->type == TYPE_CHOICE)
		return parse_choice(entry, text, out_value);
	if (entry->type == TYPE_SIZE ? !hp_text_parse_bytes(text, out_value)
				     : !hp_text_parse_number(text, out_value))
		return false;
	return *out_value >= entry->min && *out_value <= entry->max;
}

/* False if the text is no value of this option. */
static bool set(const struct entry *entry, const char *text)
{
	char *field = (char *)&hp_options + entry->offset;
	uint64_t value = 0;

	if (entry->type == TYPE_TEXT) {
		if (!*text || strlen(text) > TEXT_MAX)
			return false;
		*(const char **)(void *)field = text;
		return true;
	}
	if (!parse(entry, text, &value))
		return false;
	if (entry->type == TYPE_SIZE)
		*(size_t *)(void *)field = value;
	else if (entry->type == TYPE_BOOL)
		*(bool *)(void *)field = value;
	else
		*(unsigned *)(void *)field = (unsigned)value;
	return true;
}

static bool is_foreign(const char *variable)
{
	for (unsigned i = 0; i < sizeof(foreign_names) / sizeof(foreign_names[0]); i++) {
		if (match(foreign_names[i], variable))
			return true;
	}
	return false;
}

static void warn(const char *variable, const char *reason)
{
	char quoted[HP_TEXT_QUOTED_BYTES];

	hp_warn("%s%s is no %s, ignored; 'hpalloc options' lists them", PREFIX,
		hp_text_quote(quoted, variable), reason);
}

static void read_variable(const char *variable)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		const char *value = match(table[i].name, variable);

		if (!value)
			continue;
		if (!set(&table[i], value))
			warn(variable, "value of this option");
		return;
	}
	if (!is_foreign(variable))
		warn(variable, "option");
}

void hp_options_read(char **environment)
{
	if (hp_os_is_secure())
		return;
	for (; *environment; environment++) {
		if (!strncmp(*environment, PREFIX, sizeof(PREFIX) - 1))
			read_variable(*environment + sizeof(PREFIX) - 1);
	}
}

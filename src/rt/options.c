/* See options.h. One pass over the environment; each name is looked up in the table. */
#include "rt/options.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "os/os.h"

static const char PREFIX[] = "HPALLOC_";

enum { TEXT_MAX = 4095, NUMBER_MAX = 24 };

/* A value that each option has, and some that can be said in no other way. */
static const char DEFAULT[] = "default";

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

/* What they are without a variable: kept before the first is read. */
static struct hp_options defaults;

static const char *const live_names[] = {
#define HP_LIVE(name, reason) #name,
#define HP_FIXED(name, reason)
#include "rt/options_live.def"
#undef HP_LIVE
#undef HP_FIXED
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

/* Others may be reading it. */
static void store(const struct entry *entry, char *field, uint64_t value)
{
	if (entry->type == TYPE_SIZE)
		__atomic_store_n((size_t *)(void *)field, value, __ATOMIC_RELAXED);
	else if (entry->type == TYPE_BOOL)
		__atomic_store_n((bool *)(void *)field, value, __ATOMIC_RELAXED);
	else
		__atomic_store_n((unsigned *)(void *)field, (unsigned)value, __ATOMIC_RELAXED);
}

static uint64_t load(const struct entry *entry, const struct hp_options *options)
{
	const char *field = (const char *)options + entry->offset;

	if (entry->type == TYPE_SIZE)
		return __atomic_load_n((const size_t *)(const void *)field, __ATOMIC_RELAXED);
	if (entry->type == TYPE_BOOL)
		return __atomic_load_n((const bool *)(const void *)field, __ATOMIC_RELAXED);
	return __atomic_load_n((const unsigned *)(const void *)field, __ATOMIC_RELAXED);
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
	store(entry, field, value);
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
	defaults = hp_options;
	if (hp_os_is_secure())
		return;
	for (; *environment; environment++) {
		if (!strncmp(*environment, PREFIX, sizeof(PREFIX) - 1))
			read_variable(*environment + sizeof(PREFIX) - 1);
	}
}

static const struct entry *find(const char *name)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (!strcmp(table[i].name, name))
			return &table[i];
	}
	return NULL;
}

static bool is_live(const struct entry *entry)
{
	for (unsigned i = 0; i < sizeof(live_names) / sizeof(live_names[0]); i++) {
		if (!strcmp(live_names[i], entry->name))
			return true;
	}
	return false;
}

int hp_options_set(const char *name, const char *text)
{
	const struct entry *entry = find(name);

	if (!entry)
		return -EINVAL;
	if (!is_live(entry))
		return -EPERM;
	if (!strcmp(text, DEFAULT)) {
		store(entry, (char *)&hp_options + entry->offset, load(entry, &defaults));
		return 0;
	}
	return set(entry, text) ? 0 : -EINVAL;
}

static const char *text_of(const struct entry *entry, char *buffer, size_t bytes)
{
	uint64_t value;
	const char *text;

	if (entry->type == TYPE_TEXT) {
		text = *(const char *const *)(const void *)((const char *)&hp_options +
							    entry->offset);
		return text ? text : DEFAULT;
	}
	value = load(entry, &hp_options);
	if (entry->type == TYPE_CHOICE)
		return entry->choices[value];
	if (value >= HP_LIMIT_NONE) /* what no text can say */
		return DEFAULT;
	hp_text_format(buffer, bytes, "%llu", (unsigned long long)value);
	return buffer;
}

int hp_options_get(const char *name, char *out_text, size_t text_bytes)
{
	const struct entry *entry = find(name);
	char number[NUMBER_MAX];
	const char *text;

	if (!entry)
		return -EINVAL;
	text = text_of(entry, number, sizeof(number));
	if (strlen(text) >= text_bytes)
		return -ERANGE;
	memcpy(out_text, text, strlen(text) + 1);
	return 0;
}

void hp_options_name_file(const char *setting, char *out_path, size_t bytes)
{
	size_t length = 0;

	if (*setting != '/' && hp_os_directory_get(out_path, bytes / 2)) {
		length = strlen(out_path);
		out_path[length++] = '/';
	}
	hp_text_format(out_path + length, bytes - length, "%s", setting);
}

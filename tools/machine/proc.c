/* See proc.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine/proc.h"

#define KB 1024

/* The start of the next line, or NULL. */
static const char *next_line(const char *text)
{
	text = strchr(text, '\n');
	return text ? text + 1 : NULL;
}

/* Behind `prefix`, where a line begins with it; or NULL. */
static const char *find_line(const char *text, const char *prefix)
{
	const size_t length = strlen(prefix);

	for (; text; text = next_line(text)) {
		if (strncmp(text, prefix, length) == 0)
			return text + length;
	}
	return NULL;
}

/* What stands at *text, and goes past it; false if that is no number or too large for one. */
static bool take_number(const char **text, uint64_t *out_number)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	value = strtoull(*text, &end, 10);
	if (errno)
		return false;
	*text = end;
	*out_number = value;
	return true;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

bool hp_proc_field(const char *text, const char *name, uint64_t *out_value)
{
	const size_t length = strlen(name);
	uint64_t value;

	while ((text = find_line(text, name)) && *text != ':')
		text = next_line(text);
	if (!text || length == 0)
		return false;
	text = skip_blanks(text + 1);
	if (!take_number(&text, &value))
		return false;
	if (strncmp(text, " kB", strlen(" kB")) == 0 && __builtin_mul_overflow(value, KB, &value))
		return false;
	*out_value = value;
	return true;
}

bool hp_proc_inner_pid(const char *text, uint64_t *out_pid)
{
	const char *at = find_line(text, "NSpid:");
	bool is_found = false;

	for (at = at ? skip_blanks(at) : ""; take_number(&at, out_pid); at = skip_blanks(at))
		is_found = true;
	return is_found;
}

bool hp_proc_choice(const char *text, char out_word[static HP_WORD_BYTES])
{
	const char *begin = strchr(text, '['), *end = begin ? strchr(begin, ']') : NULL;
	size_t length = end ? (size_t)(end - begin) - 1 : 0;

	if (length == 0 || length >= HP_WORD_BYTES)
		return false;
	memcpy(out_word, begin + 1, length);
	out_word[length] = '\0';
	return true;
}

bool hp_proc_limit(const char *text, const char *name, uint64_t *out_soft)
{
	const char *value = find_line(text, name);

	if (!value || (*value != ' ' && *value != '\t'))
		return false;
	value = skip_blanks(value);
	if (strncmp(value, "unlimited", strlen("unlimited")) == 0) {
		*out_soft = HP_UNLIMITED;
		return true;
	}
	return take_number(&value, out_soft);
}

/* Whether `name` is one of the words that commas part, up to `end`. */
static bool has_word(const char *list, const char *end, const char *name)
{
	const size_t length = strlen(name);

	while (list <= end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		const char *word_end = comma ? comma : end;

		if ((size_t)(word_end - list) == length && memcmp(list, name, length) == 0)
			return true;
		list = word_end + 1;
	}
	return false;
}

/* A line is "NUMBER:CONTROLLERS:/PATH"; the path may hold anything but a newline. */
char *hp_proc_cgroup(char *text, const char *controller)
{
	for (char *line = text, *end; line; line = end) {
		char *list, *path;

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		list = strchr(line, ':');
		path = list ? strchr(list + 1, ':') : NULL;
		if (path && path[1] == '/' && has_word(list + 1, path, controller))
			return path + 1;
	}
	return NULL;
}

/* ---- mounts ---- */

/* Takes a word off *line, and ends it; NULL if there is none. */
static char *take_word(char **line)
{
	char *word = *line + strspn(*line, " ");

	if (!*word)
		return NULL;
	*line = word + strcspn(word, " ");
	if (**line)
		*(*line)++ = '\0';
	return word;
}

static bool is_octal(const char *digits)
{
	return digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' &&
	       digits[2] >= '0' && digits[2] <= '7';
}

/* Blanks and backslashes in names are written as \040 and so on. */
static void unescape(char *word)
{
	char *out = word;

	for (; *word; out++) {
		if (*word == '\\' && is_octal(word + 1)) {
			*out = (char)((word[1] - '0') << 6 | (word[2] - '0') << 3 |
				      (word[3] - '0'));
			word += 4;
		} else {
			*out = *word++;
		}
	}
	*out = '\0';
}

/*
 * "36 35 98:0 ROOT DIRECTORY rw,noatime master:1 - TYPE SOURCE OPTIONS", with any number of words
 * before the dash.
 */
static bool parse_mount(char *line, struct hp_mount *out_mount)
{
	struct hp_mount mount = { 0 };
	char *word = "";

	for (unsigned i = 0; i < 3 && word; i++)
		word = take_word(&line);
	mount.root = take_word(&line);
	mount.directory = take_word(&line);
	while (word && strcmp(word, "-") != 0)
		word = take_word(&line);
	mount.type = take_word(&line);
	word = take_word(&line);
	mount.options = take_word(&line);
	if (!mount.options)
		return false;
	unescape(mount.root);
	unescape(mount.directory);
	*out_mount = mount;
	return true;
}

/* Takes a line off *text, and ends it; NULL at the end. */
static char *take_line(char **text)
{
	char *line = *text;

	*text += strcspn(*text, "\n");
	if (**text)
		*(*text)++ = '\0';
	return *line || **text ? line : NULL;
}

bool hp_proc_mount(char **text, struct hp_mount *out_mount)
{
	char *line;

	while ((line = take_line(text))) {
		if (parse_mount(line, out_mount))
			return true;
	}
	return false;
}

const char *hp_mount_option(const char *options, const char *name, size_t *out_length)
{
	const size_t length = strlen(name);

	for (;;) {
		size_t bytes = strcspn(options, ",");

		if (bytes >= length && memcmp(options, name, length) == 0 &&
		    (bytes == length || options[length] == '=')) {
			*out_length = bytes == length ? 0 : bytes - length - 1;
			return options + bytes - *out_length;
		}
		if (!options[bytes])
			return NULL;
		options += bytes + 1;
	}
}

/* ---- mappings ---- */

/* "ADDRESS-ADDRESS rw-s OFFSET DEVICE INODE PATH", the path with any blanks. */
static bool parse_mapping(char *line, struct hp_mapping *out_mapping)
{
	char *range = take_word(&line), *access = take_word(&line), *end = NULL;
	unsigned long long from, to;

	for (unsigned i = 0; i < 2 && access; i++)
		end = take_word(&line);
	if (!end || !take_word(&line) || strlen(access) != strlen("rw-s"))
		return false;
	from = strtoull(range, &end, 16);
	if (*end != '-')
		return false;
	to = strtoull(end + 1, &end, 16);
	if (*end || to < from)
		return false;
	*out_mapping = (struct hp_mapping){
		.bytes = to - from,
		.is_shared_and_writable = access[1] == 'w' && access[3] == 's',
		.path = line + strspn(line, " "),
	};
	return true;
}

bool hp_proc_mapping(char **text, struct hp_mapping *out_mapping)
{
	char *line;

	while ((line = take_line(text))) {
		if (parse_mapping(line, out_mapping))
			return true;
	}
	return false;
}

/* ---- others ---- */

void hp_proc_buddy(const char *text, unsigned order, uint64_t *out_free, uint64_t *out_in_blocks)
{
	*out_free = *out_in_blocks = 0;
	while (text && (text = strstr(text, "zone "))) {
		const char *at = skip_blanks(text + strlen("zone "));
		uint64_t blocks;

		at = skip_blanks(at + strcspn(at, " \n"));
		for (unsigned i = 0; i < 32 && take_number(&at, &blocks); i++) {
			*out_free += blocks << i;
			*out_in_blocks += i >= order ? blocks << i : 0;
			at = skip_blanks(at);
		}
		text = next_line(text);
	}
}

const char *hp_proc_variable(const char *text, size_t bytes, const char *name)
{
	const size_t length = strlen(name);

	for (const char *end = text + bytes; text < end; text += strnlen(text, bytes) + 1) {
		bytes = (size_t)(end - text);
		if (strncmp(text, name, length) == 0 && text[length] == '=')
			return text + length + 1;
	}
	return NULL;
}

/*
 * The libFuzzer target of what the tool reads of /proc and /sys (tools/machine/proc.h), of sizes
 * (tools/common/amounts.h) and of the JSON that it writes: each on the same text.
 */
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/amounts.h"
#include "common/json.h"
#include "machine/proc.h"

enum { UNTOUCHED = 77 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

/* A path begins behind two colons of its line, and goes to the end of that. */
static void check_cgroup(const char *text, const char *controller)
{
	char *changed = strdup(text);
	const char *path = hp_proc_cgroup(changed, controller);

	if (path) {
		const char *kept = text + (path - changed), *line = kept;

		while (line > text && line[-1] != '\n')
			line--;
		check(*path == '/' && kept[-1] == ':' &&
		      memchr(line, ':', (size_t)(kept - 1 - line)));
		check(memmem(line, (size_t)(kept - line), controller, strlen(controller)));
		check(strcspn(kept, "\n") == strlen(path));
	} else {
		check(*controller || (strncmp(text, "0::/", 4) != 0 && !strstr(text, "\n0::/")));
	}
	free(changed);
}

static void check_fields(const char *text)
{
	static const char *const names[] = { "Hugepagesize", "Uid", "TLB size\t" };
	char word[HP_WORD_BYTES];
	uint64_t value;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		value = UNTOUCHED;
		if (hp_proc_field(text, names[i], &value))
			check(strstr(text, names[i]) && strpbrk(text, "0123456789"));
		else
			check(value == UNTOUCHED);
	}
	value = UNTOUCHED;
	if (!hp_proc_limit(text, "Max address space", &value))
		check(value == UNTOUCHED);
	if (hp_proc_inner_pid(text, &value))
		check(strstr(text, "NSpid:"));
	if (hp_proc_choice(text, word))
		check(*word && strlen(word) < sizeof(word) && strstr(text, word) &&
		      !strchr(word, ']'));
}

static void check_mounts(const char *text)
{
	char *changed = strdup(text), *at = changed;
	const char *end = changed + strlen(text);
	struct hp_mount mount;
	size_t mounts = 0, length;

	while (hp_proc_mount(&at, &mount)) {
		const char *value = hp_mount_option(mount.options, "pagesize", &length);

		check(at > changed && at <= end);
		check(mount.root >= changed && mount.root < mount.directory &&
		      mount.directory < mount.type && mount.type < mount.options &&
		      mount.options < end);
		if (value)
			check(value >= mount.options &&
			      value + length <= mount.options + strlen(mount.options));
		mounts++;
	}
	check(mounts <= strlen(text) / strlen("1 2 3 / / - a b c"));
	free(changed);
}

static void check_mappings(const char *text)
{
	char *changed = strdup(text), *at = changed;
	const char *end = changed + strlen(text);
	struct hp_mapping mapping;
	size_t mappings = 0;

	while (hp_proc_mapping(&at, &mapping)) {
		check(mapping.path > changed && mapping.path + strlen(mapping.path) <= end);
		check(!strchr(mapping.path, '\n'));
		mappings++;
	}
	check(mappings <= strlen(text) / strlen("1-2 rw-s 0 0 0"));
	free(changed);
}

static void check_buddy(const char *text)
{
	uint64_t all, whole;

	hp_proc_buddy(text, 0, &all, &whole);
	check(all == whole);
	hp_proc_buddy(text, 32, &all, &whole);
	check(whole == 0);
	hp_proc_buddy(text, 9, &all, &whole);
}

static void check_environment(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *value;

	memcpy(text, data, size);
	text[size] = '\0';
	value = hp_proc_variable(text, size, "A");
	if (value)
		check(value >= text + 2 && value <= text + size && value[-1] == '=' &&
		      value[-2] == 'A' && (value == text + 2 || !value[-3]));
	free(text);
}

static void check_amounts(const char *text)
{
	char exact[HP_AMOUNT_BYTES];
	uint64_t bytes, again;

	if (!hp_amount_parse(text, &bytes))
		return;
	hp_amount_exact(exact, bytes);
	check(hp_amount_parse(exact, &again) && again == bytes);
	check(hp_percent(bytes / 2, bytes) <= 100 &&
	      hp_pages_for(bytes, HP_HUGEPAGE_BYTES) <= bytes);
}

/* Two lines, whatever is in the string, and nothing that JSON does not allow. */
static void check_json(const char *text)
{
	char *written = NULL;
	size_t bytes, breaks = 0;
	FILE *out = open_memstream(&written, &bytes);
	struct hp_json json = { .out = out };

	hp_json_begin(&json, NULL, '{');
	hp_json_text(&json, text, text);
	hp_json_end(&json, '}');
	fclose(out);
	check(g_utf8_validate(written, (gssize)bytes, NULL));
	for (size_t i = 0; i < bytes; i++) {
		check((unsigned char)written[i] >= ' ' || written[i] == '\n');
		breaks += written[i] == '\n';
	}
	check(breaks == 3);
	free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	check_cgroup(text, "");
	check_cgroup(text, "hugetlb");
	check_fields(text);
	check_mappings(text);
	check_mounts(text);
	check_buddy(text);
	check_environment(data, size);
	check_amounts(text);
	check_json(text);
	free(text);
	return 0;
}

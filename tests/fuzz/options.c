/*
 * The libFuzzer target of the options: each text that a zero byte ends is a setting behind
 * "HPALLOC_". Whatever it is: one line of printable characters or none, and values within bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rt/options.h"

enum { SETTINGS_MAX = 16, LINE_BYTES = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
ssize_t __real_write(int fd, const void *text, size_t bytes);
ssize_t __wrap_write(int fd, const void *text, size_t bytes);

static unsigned lines;

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

ssize_t __wrap_write(int fd, const void *text, size_t bytes)
{
	const char *line = text;

	if (bytes < 9 || memcmp(line, "hpalloc: ", 9) != 0)
		return __real_write(fd, text, bytes);
	check(bytes <= LINE_BYTES && line[bytes - 1] == '\n');
	for (size_t i = 0; i < bytes - 1; i++)
		check(line[i] >= ' ' && line[i] <= '~');
	lines++;
	return (ssize_t)bytes;
}

/* Cuts the input into settings; returns how many. */
static unsigned make_environment(const uint8_t *data, size_t size, char **out_environment)
{
	unsigned count = 0;

	while (size > 0 && count < SETTINGS_MAX) {
		size_t length = strnlen((const char *)data, size);
		char *setting = malloc(length + 9);

		memcpy(setting, "HPALLOC_", 8);
		memcpy(setting + 8, data, length);
		setting[8 + length] = '\0';
		out_environment[count++] = setting;
		data += length;
		size -= length;
		if (size > 0) {
			data++;
			size--;
		}
	}
	out_environment[count] = NULL;
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *environment[SETTINGS_MAX + 1];
	const struct hp_options defaults = hp_options;
	unsigned count = make_environment(data, size, environment);

	lines = 0;
	hp_options_read(environment);
	check(lines <= count);
	check(hp_options.backing <= HP_BACKING_BASE && hp_options.decay_ms <= 3600000);
	check(hp_options.warmup <= 2u << 20 && hp_options.lazy_min >= 2u << 20);
	check(!hp_options.publish || strlen(hp_options.publish) <= 4095);
	check(!hp_options.hugetlbfs || strlen(hp_options.hugetlbfs) <= 4095);
	hp_options = defaults;
	for (unsigned i = 0; i < count; i++)
		free(environment[i]);
	return 0;
}

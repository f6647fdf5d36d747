/*
 * See stats_exit.h. By the process that read the option, at exit() or the end of main(): not by the
 * child of a fork, which would write over its parent's, nor where a process ends in another way (a
 * signal, abort, _exit) or becomes another program, which then reads the option itself.
 */
#include "api/stats_exit.h"

#include <stdbool.h>
#include <string.h>

#include <hpalloc/hpalloc.h>

#include "base/check.h"
#include "base/text.h"
#include "os/os.h"
#include "rt/options.h"

enum { PATH_BYTES = 2 * 4096, STANDARD_ERROR = 2 };

static struct {
	int pid; /* who is to write; 0: nobody */
	enum hp_stats_format format;
	char path[PATH_BYTES]; /* with each %p as it was given; empty: standard error */
} at_exit;

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcmp(text + length - end_length, end);
}

void hp_stats_exit_init(void)
{
	const char *what = hp_options.stats;

	if (!what || !strcmp(what, "0"))
		return;
	at_exit.pid = hp_os_pid();
	if (!strcmp(what, "json") || ends_in(what, ".json"))
		at_exit.format = HP_STATS_JSON;
	if (strcmp(what, "1") != 0 && strcmp(what, "json") != 0)
		hp_options_name_file(what, at_exit.path, sizeof(at_exit.path));
}

static int write_file(const char *path)
{
	int fd, error = hp_os_file_create(path, &fd);

	if (error)
		return -error;
	error = hp_stats_print(fd, at_exit.format);
	hp_os_file_close(fd);
	return error;
}

__attribute__((destructor)) static void destruct(void)
{
	char path[PATH_BYTES];
	int error;

	if (!at_exit.pid || at_exit.pid != hp_os_pid())
		return;
	if (!at_exit.path[0]) {
		hp_stats_print(STANDARD_ERROR, at_exit.format); /* or nobody is there to read it */
		return;
	}
	hp_text_expand_pid(at_exit.path, (unsigned)at_exit.pid, path, sizeof(path));
	error = write_file(path);
	if (error)
		hp_warn("HPALLOC_STATS: %s cannot be written: error %u", path, (unsigned)error);
}

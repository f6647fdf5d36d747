/* `hpalloc profile FILE`: what a profile says, as a table and as a picture. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arguments.h"
#include "common/say.h"
#include "profile/flame.h"
#include "profile/names.h"
#include "profile/pprof.h"
#include "profile/top.h"
#include "run/program.h"
#include "verbs.h"

enum { KEY_ALLOCATED = 'a', KEY_FLAME = 'f', KEY_ROWS = 'n', ROWS = 20 };

struct request {
	const char *path, *flame;
	bool is_live;
	size_t rows;
};

static const struct argp_option options[] = {
	{ .name = "allocated",
	  .key = KEY_ALLOCATED,
	  .doc = "Of all that was allocated, instead of what was live at the end" },
	{ .name = "flame", .key = KEY_FLAME, .arg = "SVG", .doc = "Write a flame graph there" },
	{ .name = "rows", .key = KEY_ROWS, .arg = "N", .doc = "Of the table; 20 by default" },
	{ 0 },
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case KEY_ALLOCATED:
		request->is_live = false;
		return 0;
	case KEY_FLAME:
		request->flame = text;
		return 0;
	case KEY_ROWS:
		if (!hp_arguments_number(text, 0, SIZE_MAX, &request->rows)) {
			hp_say("--rows: '%s' is no number", text);
			return HP_ARGUMENTS_SAID;
		}
		return 0;
	case ARGP_KEY_ARG:
		if (request->path)
			return ARGP_ERR_UNKNOWN;
		request->path = text;
		return 0;
	case ARGP_KEY_NO_ARGS:
		hp_say("profile: of which file? HPALLOC_PROFILE=FILE makes one");
		return HP_ARGUMENTS_SAID;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp profile_argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Prints which functions of a program hold the most memory, from the heap profile "
	       "that "
	       "it wrote with HPALLOC_PROFILE=FILE. The file is in pprof's format.",
};

/* The profile's texts are copies: the file need not stay. */
static bool read_file(const char *path, struct hp_profile *out_profile)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status = { 0 };
	void *bytes = MAP_FAILED;
	bool is_read = false;

	if (fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size)
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd < 0)
		hp_say("%s: %s", path, strerror(errno));
	else
		close(fd);
	if (bytes != MAP_FAILED) {
		is_read = hp_profile_read(bytes, (size_t)status.st_size, out_profile);
		munmap(bytes, (size_t)status.st_size);
	}
	if (fd >= 0 && !is_read)
		hp_say("%s: this is no heap profile, or one that is compressed", path);
	return is_read;
}

static bool write_flame(const struct request *request, const struct hp_profile *profile,
			const struct hp_names *names)
{
	FILE *out = fopen(request->flame, "we");
	bool is_done = out && hp_flame_write(out, profile, names, request->is_live);

	if (out && fclose(out))
		is_done = false;
	if (!is_done)
		hp_say("%s: %s", request->flame, strerror(errno));
	return is_done;
}

int hp_verb_profile(int argc, char **argv)
{
	struct request request = { .is_live = true, .rows = ROWS };
	int status = hp_arguments_parse(&profile_argp, argc, argv, &request);
	struct hp_profile profile;
	struct hp_names *names;
	bool is_done = false;

	if (status)
		return status;
	if (!read_file(request.path, &profile))
		return HP_EXIT_FAILED;
	names = hp_names_make(&profile);
	if (names) {
		is_done = hp_top_print(&profile, names, request.is_live, request.rows) &&
			  (!request.flame || write_flame(&request, &profile, names));
		hp_names_free(names);
	}
	hp_profile_free(&profile);
	return is_done && !fflush(stdout) ? EXIT_SUCCESS : HP_EXIT_FAILED;
}

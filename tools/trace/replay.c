/* The verb `trace replay`: the events of a trace on several allocators, and a table of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/arguments.h"
#include "common/helper.h"
#include "common/say.h"
#include "common/trial.h"
#include "run/program.h"
#include "trace/replay.h"
#include "trace/trace.h"

#define ALLOCATORS_MAX 16
#define ROUNDS_MAX 100
#define ROUNDS_DEFAULT 3

struct allocator {
	const char *name;
	char *library; /* NULL: that of the C library */
	double seconds[ROUNDS_MAX];
	double peak_bytes[ROUNDS_MAX];
	uint64_t failed;
};

struct command {
	const char *path;
	size_t rounds;
	struct allocator allocators[ALLOCATORS_MAX];
	size_t count;
};

/* ---- one run ---- */

static bool run(const char *player, const char *program, struct allocator *allocator, size_t round)
{
	const struct hp_trial trial = {
		.name = allocator->name,
		.helper = player,
		.argument = program,
		.library = allocator->library,
	};
	struct hp_replay_result result;
	uint64_t most;

	if (!hp_trial_run(&trial, &result, sizeof(result), &most))
		return false;
	most = most > result.peak_bytes ? most : result.peak_bytes;
	allocator->seconds[round] = result.seconds;
	allocator->peak_bytes[round] =
		most > result.base_bytes ? (double)(most - result.base_bytes) : 0;
	allocator->failed = result.failed;
	return true;
}

/* ---- the table ---- */

static void print_table(struct command *command)
{
	double first_seconds = 0, first_bytes = 0;
	char time[HP_TRACE_TEXT_BYTES], size[HP_TRACE_TEXT_BYTES];

	printf("%-16s %10s %7s %12s %7s\n", "allocator", "time", "", "peak memory", "");
	for (size_t i = 0; i < command->count; i++) {
		struct allocator *allocator = &command->allocators[i];
		double seconds = hp_trial_median(allocator->seconds, command->rounds);
		double bytes = hp_trial_median(allocator->peak_bytes, command->rounds);

		if (i == 0) {
			first_seconds = seconds;
			first_bytes = bytes;
		}
		printf("%-16s %10s %7.2f %12s %7.2f\n", allocator->name,
		       hp_trace_time_text(seconds * 1e9, time),
		       first_seconds > 0 ? seconds / first_seconds : 0,
		       hp_trace_size_text(bytes, size), first_bytes > 0 ? bytes / first_bytes : 0);
		if (allocator->failed)
			printf("%-16s %llu allocations found no memory\n", "",
			       (unsigned long long)allocator->failed);
	}
}

static int run_all(struct command *command, int program)
{
	char *player = hp_helper_find(HP_LIBEXECDIR, ".", "hpalloc-replay"), text[16];
	bool is_well = player;

	snprintf(text, sizeof(text), "%d", program);
	/* In turns, so that what else the machine does meets all alike. */
	for (size_t round = 0; round < command->rounds && is_well; round++) {
		for (size_t i = 0; i < command->count && is_well; i++)
			is_well = run(player, text, &command->allocators[i], round);
	}
	free(player);
	if (!is_well)
		return HP_EXIT_FAILED;
	print_table(command);
	return fflush(stdout) ? HP_EXIT_FAILED : EXIT_SUCCESS;
}

/* ---- the command line ---- */

/* "NAME=PATH"; the name is cut off from it. */
static error_t add_allocator(struct command *command, char *text)
{
	char *path = strchr(text, '='), *library;

	if (!path || path == text || command->count == ALLOCATORS_MAX) {
		hp_say("trace replay: --with wants NAME=PATH, %d times at most",
		       ALLOCATORS_MAX - 2);
		return HP_ARGUMENTS_SAID;
	}
	*path++ = '\0';
	library = realpath(path, NULL);
	if (!library || strpbrk(library, ": ")) {
		hp_say("%s: %s", path,
		       library ? "LD_PRELOAD cannot name a path with a colon or space"
			       : strerror(errno));
		free(library);
		return HP_ARGUMENTS_SAID;
	}
	command->allocators[command->count++] =
		(struct allocator){ .name = text, .library = library };
	return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct command *command = state->input;

	switch (key) {
	case 'w':
		return add_allocator(command, text);
	case 'r':
		if (!hp_arguments_number(text, 1, ROUNDS_MAX, &command->rounds)) {
			hp_say("trace replay: --rounds wants a number from 1 to %d", ROUNDS_MAX);
			return HP_ARGUMENTS_SAID;
		}
		return 0;
	default:
		return hp_trace_parse_path(key, text, state, &command->path);
	}
}

/* One that the player inherits, and that is none of its standard streams. */
static int inherited(int fd)
{
	int copy = fd < 0 ? fd : fcntl(fd, F_DUPFD, STDERR_FILENO + 1);

	if (copy < 0 && fd >= 0)
		copy = -errno;
	if (fd >= 0)
		close(fd);
	return copy;
}

static int replay(struct command *command)
{
	struct hp_merge merge;
	struct hp_tape tape;
	int status = hp_trace_open(command->path, &tape, &merge), program;

	if (status)
		return status;
	program = inherited(hp_replay_compile(&tape));
	hp_trace_close(&tape, &merge);
	if (program < 0) {
		hp_say("%s: %s", command->path, strerror(-program));
		return HP_EXIT_FAILED;
	}
	status = run_all(command, program);
	close(program);
	return status;
}

int hp_trace_replay(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ .name = "with",
		  .key = 'w',
		  .arg = "NAME=PATH",
		  .doc = "Compare this library, too" },
		{ .name = "rounds", .key = 'r', .arg = "N", .doc = "Run each N times (3)" },
		{ 0 },
	};
	static const struct argp replay_argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE",
		.doc = "Does again what a program did with malloc and free, on the C library's "
		       "malloc, on libhpalloc, and on the libraries that --with names, and "
		       "prints the time and the peak of the memory of each.\v"
		       "The threads are those of the trace; one that frees a block of another "
		       "waits for it. They run as fast as they can, and write to each page of "
		       "each block once. Memory is resident, with the pages of the hugetlb pool; "
		       "figures are medians, and ratios to the first line.",
	};
	struct command command = { .rounds = ROUNDS_DEFAULT, .count = 2 };
	int status;

	command.allocators[0].name = "glibc";
	command.allocators[1].name = "hpalloc";
	status = hp_arguments_parse(&replay_argp, argc, argv, &command);
	if (!status) {
		command.allocators[1].library = hp_helper_library();
		status = command.allocators[1].library ? replay(&command) : HP_EXIT_FAILED;
	}
	for (size_t i = 0; i < command.count; i++)
		free(command.allocators[i].library);
	return status;
}

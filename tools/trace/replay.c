/* The verb `trace replay`: the events of a trace on several allocators, and a table of them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "program.h"
#include "say.h"
#include "trace/helper.h"
#include "trace/replay.h"
#include "trace/trace.h"

#define ALLOCATORS_MAX 16
#define ROUNDS_MAX 100
#define ROUNDS_DEFAULT 3
#define POLL_NS 2000000

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

/* What the process holds now, the pages of the hugetlb pool included, which are in no RSS. */
static uint64_t held_bytes(pid_t pid)
{
	static const char *const fields[] = { "VmRSS:", "HugetlbPages:" };
	char path[64], line[256];
	uint64_t bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
			if (strncmp(line, fields[i], strlen(fields[i])) == 0)
				bytes += strtoull(line + strlen(fields[i]), NULL, 10) * 1024;
		}
	}
	if (file)
		fclose(file);
	return bytes;
}

static void become_player(const char *player, int program, int output, const char *library)
{
	char text[16];

	/* Both survive exec; the output may have been number 1 already. */
	program = dup(program);
	if (dup2(output, STDOUT_FILENO) < 0 || program < 0)
		_exit(EXIT_FAILURE);
	snprintf(text, sizeof(text), "%d", program);
	unsetenv("HPALLOC_TRACE");
	if (library ? setenv("LD_PRELOAD", library, 1) : unsetenv("LD_PRELOAD"))
		_exit(EXIT_FAILURE);
	execl(player, "hpalloc-replay", text, (char *)NULL);
	_exit(EXIT_FAILURE);
}

/* Until its end; the most that it held. */
static uint64_t watch(pid_t pid, int *out_status)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	uint64_t most = 0, now;

	while (waitpid(pid, out_status, WNOHANG) == 0) {
		now = held_bytes(pid);
		most = now > most ? now : most;
		nanosleep(&pause, NULL);
	}
	return most;
}

static bool run(const char *player, int program, struct allocator *allocator, size_t round)
{
	struct hp_replay_result result;
	int ends[2], status = 0;
	uint64_t most;
	ssize_t got;
	pid_t pid;

	if (pipe(ends))
		return false;
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		become_player(player, program, ends[1], allocator->library);
	}
	close(ends[1]);
	most = pid > 0 ? watch(pid, &status) : 0;
	got = read(ends[0], &result, sizeof(result));
	close(ends[0]);
	if (pid < 0 || status || got != sizeof(result)) {
		if (WIFSIGNALED(status))
			hp_say("%s: the replay ended by signal %d", allocator->name,
			       WTERMSIG(status));
		else
			hp_say("%s: the replay failed", allocator->name);
		return false;
	}
	most = most > result.peak_bytes ? most : result.peak_bytes;
	allocator->seconds[round] = result.seconds;
	allocator->peak_bytes[round] =
		most > result.base_bytes ? (double)(most - result.base_bytes) : 0;
	allocator->failed = result.failed;
	return true;
}

/* ---- the table ---- */

static int by_value(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return a < b ? -1 : a > b;
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void print_table(struct command *command)
{
	double first_seconds = 0, first_bytes = 0;
	char time[HP_TRACE_TEXT_BYTES], size[HP_TRACE_TEXT_BYTES];

	printf("%-16s %10s %7s %12s %7s\n", "allocator", "time", "", "peak memory", "");
	for (size_t i = 0; i < command->count; i++) {
		struct allocator *allocator = &command->allocators[i];
		double seconds = median(allocator->seconds, command->rounds);
		double bytes = median(allocator->peak_bytes, command->rounds);

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
	char *player = hp_helper_find(HP_LIBEXECDIR, ".", "hpalloc-replay");
	bool is_well = player;

	/* In turns, so that what else the machine does meets all alike. */
	for (size_t round = 0; round < command->rounds && is_well; round++) {
		for (size_t i = 0; i < command->count && is_well; i++)
			is_well = run(player, program, &command->allocators[i], round);
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
	char *end;

	switch (key) {
	case 'w':
		return add_allocator(command, text);
	case 'r':
		command->rounds = strtoul(text, &end, 10);
		if (*end || *text == '-' || !command->rounds || command->rounds > ROUNDS_MAX) {
			hp_say("trace replay: --rounds wants a number from 1 to %d", ROUNDS_MAX);
			return HP_ARGUMENTS_SAID;
		}
		return 0;
	case ARGP_KEY_ARG:
		if (command->path)
			return ARGP_ERR_UNKNOWN;
		command->path = text;
		return 0;
	case ARGP_KEY_NO_ARGS:
		hp_say("trace replay: which file?");
		return HP_ARGUMENTS_SAID;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int replay(struct command *command)
{
	struct hp_merge merge;
	struct hp_tape tape;
	int status = hp_trace_open(command->path, &tape, &merge), program;

	if (status)
		return status;
	program = hp_replay_compile(&tape);
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
	static const struct argp_child help[] = { { .argp = &hp_help_argp }, { 0 } };
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
		.children = help,
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

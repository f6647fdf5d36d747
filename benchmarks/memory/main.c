/* The options and the figures of the memory benchmark: see memory.h. */
#include "memory.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LEAST_BYTES = 16, STEP_BYTES = 64, REPEATS = 5, MILLISECONDS = 20, PAGE_BYTES = 4096 };

static const struct memory_pattern *const patterns[] = { &memory_sequential, &memory_random,
							 &memory_chase, &memory_page, NULL };

double memory_cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

void memory_report(const char *name, double *seconds, size_t count, double operations)
{
	const struct bench_case self = { .name = name };
	double to_ns = 1e9 / operations;

	qsort(seconds, count, sizeof(*seconds), compare);
	bench_report(&self, "", (seconds[(count - 1) / 2] + seconds[count / 2]) / 2 * to_ns, "ns");
	bench_report(&self, "least", seconds[0] * to_ns, "ns");
	bench_report(&self, "most", seconds[count - 1] * to_ns, "ns");
}

void memory_report_pages(const char *name, struct memory_pages pages)
{
	const struct bench_case self = { .name = name };

	bench_report(&self, "hugetlb", pages.hugetlb, "share");
	bench_report(&self, "thp", pages.thp, "share");
}

size_t memory_calibrate(double (*run)(size_t operations), double seconds)
{
	size_t count = 1;
	double took = run(count);

	while (took < seconds / 4) {
		count *= took < seconds / 64 ? 8 : 2;
		took = run(count);
	}
	count = (size_t)((double)count * seconds / took);
	return count ? count : 1;
}

/* The whole number, or what is wrong with the option. */
static size_t number(struct argp_state *state, const char *text, size_t least, size_t most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text || value < least || value > most)
		argp_error(state, "%s: a number from %zu to %zu", text, least, most);
	return value;
}

static void find_pattern(struct argp_state *state, const char *name)
{
	struct memory_options *options = state->input;

	options->measure = memory_read;
	if (!strcmp(name, "allocation"))
		options->measure = memory_allocate;
	if (!strcmp(name, "fork"))
		options->measure = memory_fork;
	options->pattern = NULL;
	for (size_t i = 0; patterns[i]; i++) {
		if (!strcmp(patterns[i]->name, name))
			options->pattern = patterns[i];
	}
	if (!options->pattern && options->measure == memory_read)
		argp_error(state, "no pattern %s", name);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct memory_options *options = state->input;

	switch (key) {
	case 'p':
		find_pattern(state, argument);
		return 0;
	case 'b':
		options->backing = memory_backings;
		while (options->backing->name && strcmp(options->backing->name, argument))
			options->backing++;
		if (!options->backing->name)
			argp_error(state, "no backing %s", argument);
		return 0;
	case 's':
		options->sharing = memory_sharings;
		while (options->sharing->name && strcmp(options->sharing->name, argument))
			options->sharing++;
		if (!options->sharing->name)
			argp_error(state, "no sharing %s", argument);
		return 0;
	case 'n':
		options->bytes = number(state, argument, LEAST_BYTES, SIZE_MAX / 2);
		return 0;
	case 'e':
		options->step = number(state, argument, sizeof(uint64_t), PAGE_BYTES);
		return 0;
	case 't':
		options->threads = number(state, argument, 1, BENCH_THREADS_MAX);
		return 0;
	case 'r':
		options->repeats = number(state, argument, 1, MEMORY_REPEATS_MAX);
		return 0;
	case 'm':
		options->seconds = (double)number(state, argument, 1, 10000) * 1e-3;
		return 0;
	case 'c':
		memory_print_cpuid();
		exit(EXIT_SUCCESS);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A walk needs two places at least; words that are read must not lie across the end. */
static void check_options(const struct memory_options *options)
{
	size_t least = options->pattern == &memory_page ? PAGE_BYTES : 2 * options->step;

	bench_check(!options->pattern || options->bytes >= least, "the buffer is too small");
	bench_check(options->step % sizeof(uint64_t) == 0, "the step is no multiple of 8");
}

int main(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{ "pattern", 'p', "NAME", 0, "sequential, random, chase, page, allocation, fork",
		  0 },
		{ "backing", 'b', "NAME", 0, "malloc, base, thp, hugetlb", 0 },
		{ "bytes", 'n', "N", 0, "Of a buffer, or of a block", 0 },
		{ "step", 'e', "N", 0, "Bytes between two sequential reads: 64", 0 },
		{ "threads", 't', "N", 0, "1", 0 },
		{ "sharing", 's', "NAME", 0, "same, offset, separate buffers", 0 },
		{ "repeats", 'r', "N", 0, "The median of so many counts: 5", 0 },
		{ "ms", 'm', "N", 0, "Milliseconds of a repeat: 20", 0 },
		{ "cpuid", 'c', NULL, 0, "Print what the processor says of its TLB", 0 },
		{ 0 },
	};
	static const struct argp parser = { .options = table,
					    .parser = parse_option,
					    .doc = "Measures one pattern at one size." };
	struct memory_options options = { .measure = memory_read,
					  .pattern = &memory_sequential,
					  .backing = memory_backings,
					  .sharing = memory_sharings,
					  .bytes = BENCH_MIB,
					  .step = STEP_BYTES,
					  .threads = 1,
					  .repeats = REPEATS,
					  .seconds = MILLISECONDS * 1e-3 };

	argp_parse(&parser, argc, argv, 0, NULL, &options);
	check_options(&options);
	options.measure(&options);
	return 0;
}

/*
 * The frame of the reading patterns: buffers, threads, calibration, repeats. See memory.h. The
 * time of an access is that of one thread, on its processor: N threads that have one each make N
 * accesses in it.
 */
#include "memory.h"

const struct memory_sharing memory_sharings[] = {
	{ "none", true, false }, /* one thread */
	{ "same", true, false }, { "offset", true, true }, { "separate", false, false }, { 0 },
};

/* What the threads, which get only a number, have to know. */
static struct {
	const struct memory_options *options;
	size_t accesses; /* of each thread, in the run to come */
	struct memory_walk walks[BENCH_THREADS_MAX];
} reading;

/* By the thread that will read it: on a machine of several nodes the memory is where that runs. */
static void *prepare(void *number)
{
	const struct memory_options *options = reading.options;
	struct memory_walk *walk = &reading.walks[(size_t)number];

	*walk = (struct memory_walk){ .bytes = options->bytes, .step = options->step };
	walk->buffer = options->backing->take(options->backing, options->bytes);
	options->pattern->fill(walk);
	options->pattern->begin(walk);
	return NULL;
}

/* Threads after the first read the first one's buffer. */
static void share(size_t threads)
{
	const struct memory_options *options = reading.options;

	for (size_t i = 1; i < threads; i++) {
		struct memory_walk *walk = &reading.walks[i];

		*walk = reading.walks[0];
		if (options->sharing->is_apart)
			walk->start = options->bytes / threads * i / options->step * options->step;
		options->pattern->begin(walk);
	}
}

static void *read_on(void *number)
{
	struct memory_walk *walk = &reading.walks[(size_t)number];
	double begin = memory_cpu_now();

	reading.options->pattern->read(walk, reading.accesses);
	walk->seconds = memory_cpu_now() - begin;
	return NULL;
}

/* The mean of the threads. */
static double run(size_t granules)
{
	const struct memory_options *options = reading.options;
	double seconds = 0;

	reading.accesses = granules * options->pattern->granule(&reading.walks[0]);
	bench_run_threads(options->threads, read_on);
	for (size_t i = 0; i < options->threads; i++) {
		options->pattern->check(&reading.walks[i], reading.accesses);
		seconds += reading.walks[i].seconds;
	}
	return seconds / (double)options->threads;
}

void memory_read(const struct memory_options *options)
{
	bool is_one_buffer = options->sharing->is_one_buffer;
	double seconds[MEMORY_REPEATS_MAX];
	const char *name = options->pattern->name;
	size_t granules;

	reading.options = options;
	bench_run_threads(is_one_buffer ? 1 : options->threads, prepare);
	if (is_one_buffer)
		share(options->threads);
	granules = memory_calibrate(run, options->seconds);
	for (size_t i = 0; i < options->repeats; i++)
		seconds[i] = run(granules);
	memory_report(name, seconds, options->repeats, (double)reading.accesses);
	memory_report_pages(name, memory_pages_of(reading.walks[0].buffer, options->bytes));
	for (size_t i = 0; i < (is_one_buffer ? 1 : options->threads); i++)
		options->backing->give(options->backing, reading.walks[i].buffer, options->bytes);
}

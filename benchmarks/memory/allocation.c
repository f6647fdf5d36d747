/*
 * Allocate, touch, free: each thread takes a batch of blocks of one size, writes to each page of
 * each, and gives them back. See memory.h. With mappings a block is a mapping of its own, of whole
 * pages of its kind: what a program pays that asks the kernel for each block.
 */
#include "memory.h"

enum { BATCH_BYTES = 32 << 20, BATCH_BLOCKS = 1024, PARTS = 3 };

static const char *const part_names[PARTS] = { "allocate", "touch", "free" };

struct worker {
	double seconds[PARTS]; /* since they were set to 0 */
	unsigned char *blocks[BATCH_BLOCKS];
};

static struct {
	const struct memory_options *options;
	size_t blocks;		   /* in a batch */
	size_t batches;		   /* of each thread, in the run to come */
	struct memory_pages pages; /* of the first block */
	struct worker workers[BENCH_THREADS_MAX];
} allocation;

static size_t blocks_of(const struct memory_options *options)
{
	size_t bytes = options->bytes, page = options->backing->page_bytes;
	size_t count = BATCH_BYTES / (bytes > page ? bytes : page);

	return count < 1 ? 1 : count > BATCH_BLOCKS ? BATCH_BLOCKS : count;
}

static void take_all(struct worker *self)
{
	const struct memory_backing *backing = allocation.options->backing;

	for (size_t i = 0; i < allocation.blocks; i++)
		self->blocks[i] = backing->take(backing, allocation.options->bytes);
}

static void touch_all(struct worker *self)
{
	for (size_t i = 0; i < allocation.blocks; i++)
		bench_touch(self->blocks[i], allocation.options->bytes);
}

static void give_all(struct worker *self)
{
	const struct memory_backing *backing = allocation.options->backing;

	for (size_t i = 0; i < allocation.blocks; i++)
		backing->give(backing, self->blocks[i], allocation.options->bytes);
}

/* With one thread the processor's, which others do not lengthen. Threads wait for each other. */
static double now(void)
{
	return allocation.options->threads == 1 ? memory_cpu_now() : bench_now();
}

static void *run_batches(void *number)
{
	struct worker *self = &allocation.workers[(size_t)number];
	void (*const parts[PARTS])(struct worker * self) = { take_all, touch_all, give_all };

	for (size_t batch = 0; batch < allocation.batches; batch++) {
		for (size_t part = 0; part < PARTS; part++) {
			double begin = now();

			parts[part](self);
			self->seconds[part] += now() - begin;
		}
	}
	return NULL;
}

/* One batch, not timed: that no two blocks overlap, and what the first stands on. */
static void check_batch(void)
{
	const struct memory_options *options = allocation.options;
	struct worker *self = &allocation.workers[0];
	size_t end = (options->bytes - sizeof(size_t)) / sizeof(size_t) * sizeof(size_t);

	take_all(self);
	touch_all(self);
	for (size_t i = 0; i < allocation.blocks; i++)
		*(size_t *)(void *)(self->blocks[i] + end) = i;
	for (size_t i = 0; i < allocation.blocks; i++)
		bench_check(*(size_t *)(void *)(self->blocks[i] + end) == i, "two blocks overlap");
	allocation.pages = memory_pages_of(self->blocks[0], options->bytes);
	give_all(self);
}

static double run(size_t batches)
{
	size_t threads = allocation.options->threads;

	for (size_t i = 0; i < threads; i++) {
		for (size_t part = 0; part < PARTS; part++)
			allocation.workers[i].seconds[part] = 0;
	}
	allocation.batches = batches;
	return bench_run_threads(threads, run_batches);
}

/* The mean of the threads. */
static double seconds_of(size_t part)
{
	size_t threads = allocation.options->threads;
	double sum = 0;

	for (size_t i = 0; i < threads; i++)
		sum += allocation.workers[i].seconds[part];
	return sum / (double)threads;
}

void memory_allocate(const struct memory_options *options)
{
	double seconds[PARTS][MEMORY_REPEATS_MAX];
	size_t batches;

	allocation.options = options;
	allocation.blocks = blocks_of(options);
	check_batch();
	batches = memory_calibrate(run, options->seconds);
	for (size_t i = 0; i < options->repeats; i++) {
		run(batches);
		for (size_t part = 0; part < PARTS; part++)
			seconds[part][i] = seconds_of(part);
	}
	for (size_t part = 0; part < PARTS; part++) {
		memory_report(part_names[part], seconds[part], options->repeats,
			      (double)(batches * allocation.blocks));
		memory_report_pages(part_names[part], allocation.pages);
	}
}

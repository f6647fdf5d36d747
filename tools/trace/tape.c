/* See tape.h: the blocks of a trace. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/tape.h"
#include "trace/unpack.h"

/* Clocks tick faster and slower than that in damaged files only. */
#define UNIT_MIN_NS 1e-3
#define UNIT_MAX_NS 1e6
#define SPAN_MAX_NS ((uint64_t)1 << 62)

static bool is_whole(const uint8_t *at, size_t left, struct hp_trace_block *out_head)
{
	struct hp_trace_block head;
	uint64_t sum;

	if (left < sizeof(head))
		return false;
	memcpy(&head, at, sizeof(head));
	if (head.magic != HP_TRACE_MAGIC || head.bytes > left - sizeof(head))
		return false;
	*out_head = head;
	sum = head.sum;
	head.sum = 0;
	return sum ==
	       hp_trace_sum(hp_trace_sum(0, &head, sizeof(head)), at + sizeof(head), head.bytes);
}

static bool read_start(struct hp_tape *tape, const struct hp_trace_block *head,
		       const uint8_t *payload)
{
	if (head->kind != HP_TRACE_START || head->bytes <= sizeof(tape->start) ||
	    payload[head->bytes - 1])
		return false;
	memcpy(&tape->start, payload, sizeof(tape->start));
	tape->program = (const char *)payload + sizeof(tape->start);
	return tape->start.version == HP_TRACE_VERSION;
}

/* Makes room for one more at powers of two. */
static void *grown(void *array, size_t count, size_t bytes)
{
	return (count & (count - 1)) ? array : reallocarray(array, count ? 2 * count : 1, bytes);
}

static int add_block(struct hp_tape *tape, const struct hp_trace_block *head,
		     const uint8_t *payload)
{
	struct hp_tape_block *blocks =
		grown(tape->blocks, tape->block_count, sizeof(*tape->blocks));

	if (!blocks)
		return -ENOMEM;
	tape->blocks = blocks;
	blocks[tape->block_count++] = (struct hp_tape_block){ *head, payload };
	tape->events += head->events;
	return 0;
}

static int add_modules(struct hp_tape *tape, const uint8_t *at, size_t left)
{
	struct hp_tape_module module, *modules;
	size_t path_bytes;

	while (left > sizeof(module.where)) {
		memcpy(&module.where, at, sizeof(module.where));
		module.path = (const char *)at + sizeof(module.where);
		path_bytes = strnlen(module.path, left - sizeof(module.where)) + 1;
		if (path_bytes > left - sizeof(module.where))
			return 0;
		modules = grown(tape->modules, tape->module_count, sizeof(*modules));
		if (!modules)
			return -ENOMEM;
		tape->modules = modules;
		modules[tape->module_count++] = module;
		at += sizeof(module.where) + path_bytes;
		left -= sizeof(module.where) + path_bytes;
	}
	return 0;
}

static int add(struct hp_tape *tape, const struct hp_trace_block *head, const uint8_t *payload)
{
	switch (head->kind) {
	case HP_TRACE_EVENTS:
		return add_block(tape, head, payload);
	case HP_TRACE_MODULES:
		return add_modules(tape, payload, head->bytes);
	case HP_TRACE_END:
		tape->has_end = true;
		return 0;
	default:
		return 0;
	}
}

/* Stable: those of one thread keep the order of the file. */
static int by_thread(const void *one, const void *other)
{
	const struct hp_tape_block *a = one, *b = other;

	if (a->head.thread != b->head.thread)
		return a->head.thread < b->head.thread ? -1 : 1;
	return a->payload < b->payload ? -1 : a->payload > b->payload;
}

static void measure_unit(struct hp_tape *tape, const struct hp_trace_block *first,
			 const struct hp_trace_block *last)
{
	double units = (double)(last->written_time - first->written_time);
	double ns = (double)(last->written_ns - first->written_ns);

	tape->first_time = first->written_time;
	tape->last_time = last->written_time;
	tape->ns_per_unit = units > 0 && ns > 0 ? ns / units : 1;
	if (!(tape->ns_per_unit >= UNIT_MIN_NS && tape->ns_per_unit <= UNIT_MAX_NS))
		tape->ns_per_unit = 1;
}

int hp_tape_parse(const uint8_t *bytes, size_t size, struct hp_tape *out_tape)
{
	struct hp_trace_block head, first, last;
	struct hp_tape tape = { .size = size };
	int error = 0;

	if (!is_whole(bytes, size, &first) || !read_start(&tape, &first, bytes + sizeof(first)))
		return -EINVAL;
	last = first;
	while (!error && is_whole(bytes + tape.read_bytes, size - tape.read_bytes, &head)) {
		error = add(&tape, &head, bytes + tape.read_bytes + sizeof(head));
		tape.read_bytes += sizeof(head) + head.bytes;
		last = head;
	}
	if (error) {
		free(tape.blocks);
		free(tape.modules);
		return error;
	}
	if (tape.block_count)
		qsort(tape.blocks, tape.block_count, sizeof(*tape.blocks), by_thread);
	measure_unit(&tape, &first, &last);
	*out_tape = tape;
	return 0;
}

static int map_file(const char *path, uint8_t **out_bytes, size_t *out_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *bytes;
	int error = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		error = -errno;
	else if (!S_ISREG(status.st_mode) || status.st_size == 0)
		error = -EINVAL;
	if (!error) {
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		error = bytes == MAP_FAILED ? -errno : 0;
	}
	close(fd);
	if (error)
		return error;
	*out_bytes = bytes;
	*out_size = (size_t)status.st_size;
	return 0;
}

int hp_tape_open(const char *path, struct hp_tape *out_tape)
{
	uint8_t *bytes = NULL;
	size_t size = 0;
	bool is_mapped = true;
	int error = map_file(path, &bytes, &size);

	if (error)
		return error;
	if (hp_unpack_is_packed(bytes, size)) {
		munmap(bytes, size);
		is_mapped = false;
		error = hp_unpack(path, &bytes, &size);
		if (error)
			return error;
	}
	error = hp_tape_parse(bytes, size, out_tape);
	out_tape->bytes = bytes;
	out_tape->size = size;
	out_tape->is_mapped = is_mapped;
	if (error && is_mapped)
		munmap(bytes, size);
	else if (error)
		free(bytes);
	return error;
}

void hp_tape_close(struct hp_tape *tape)
{
	free(tape->blocks);
	free(tape->modules);
	if (tape->bytes && tape->is_mapped)
		munmap(tape->bytes, tape->size);
	else
		free(tape->bytes);
}

double hp_tape_ns(const struct hp_tape *tape, uint64_t time)
{
	/* In the child of a fork the first event comes before the file. */
	return time > tape->first_time ? (double)hp_tape_span_ns(tape, time - tape->first_time) : 0;
}

uint64_t hp_tape_span_ns(const struct hp_tape *tape, uint64_t units)
{
	double ns = (double)units * tape->ns_per_unit;

	return ns < (double)SPAN_MAX_NS ? (uint64_t)ns : SPAN_MAX_NS;
}

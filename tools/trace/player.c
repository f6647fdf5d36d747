/*
 * The program hpalloc-replay FD: does what the program of replay.h in the file FD says, on the
 * malloc that it was started with. Its own memory is mapped, not malloc's.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "trace/replay.h"

#define PAGE_BYTES 4096
#define SPINS 100
#define STATUS_BYTES 4096

struct slot {
	void *block;
	uint64_t bytes;
	_Atomic uint32_t turn; /* of the block that is in it */
};

static const struct hp_replay_head *head;
static const struct hp_replay_thread *threads;
static const struct hp_replay_op *ops;
static struct slot *slots;
static _Atomic uint64_t running, failed;

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void *map(size_t bytes, int fd)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	int access = fd < 0 ? PROT_READ | PROT_WRITE : PROT_READ;
	void *memory = mmap(NULL, bytes ? bytes : 1, access, flags | MAP_POPULATE, fd, 0);

	if (memory == MAP_FAILED)
		die("hpalloc-replay: mmap");
	return memory;
}

/* The block is used, as the one of the trace was: each page of it that is new. */
static void put(struct slot *slot, void *block, const struct hp_replay_op *op, uint64_t from)
{
	volatile char *bytes = block;

	if (!block && op->bytes)
		atomic_fetch_add(&failed, 1);
	for (uint64_t i = from; block && i < op->bytes; i += PAGE_BYTES)
		bytes[i] = 1;
	slot->block = block;
	slot->bytes = op->bytes;
}

static void await(struct slot *slot, uint32_t turn)
{
	for (unsigned i = 0; atomic_load_explicit(&slot->turn, memory_order_acquire) != turn; i++) {
		if (i >= SPINS)
			sched_yield();
	}
}

static void *aligned(const struct hp_replay_op *op)
{
	size_t align = (size_t)1 << op->align_log2;
	void *block = NULL;

	if (align < sizeof(void *))
		align = sizeof(void *);
	return posix_memalign(&block, align, op->bytes) ? NULL : block;
}

static void *run(void *thread);

static void spawn(uint32_t thread)
{
	pthread_t id;

	atomic_fetch_add(&running, 1);
	if (pthread_create(&id, NULL, run, (void *)(uintptr_t)&threads[thread]))
		die("hpalloc-replay: pthread_create");
	pthread_detach(id);
}

static void resize(struct slot *slot, const struct hp_replay_op *op)
{
	uint64_t before = slot->bytes;
	void *block;

	await(slot, op->turn);
	before = slot->bytes;
	block = realloc(slot->block, op->bytes ? op->bytes : 1);
	if (block)
		put(slot, block, op, before);
	else
		atomic_fetch_add(&failed, 1);
	atomic_store_explicit(&slot->turn, op->turn + 1, memory_order_release);
}

static void make(struct slot *slot, const struct hp_replay_op *op)
{
	void *block;

	if (op->kind == HP_REPLAY_CALLOC)
		block = calloc(1, op->bytes);
	else if (op->kind == HP_REPLAY_ALIGNED)
		block = aligned(op);
	else
		block = malloc(op->bytes);
	put(slot, block, op, 0);
	atomic_store_explicit(&slot->turn, op->turn, memory_order_release);
}

static void *run(void *argument)
{
	const struct hp_replay_thread *thread = argument;

	for (uint64_t i = thread->first; i < thread->first + thread->count; i++) {
		const struct hp_replay_op *op = &ops[i];
		struct slot *slot = &slots[op->slot];

		switch (op->kind) {
		case HP_REPLAY_SPAWN:
			spawn(op->slot);
			break;
		case HP_REPLAY_FREE:
			await(slot, op->turn);
			free(slot->block);
			break;
		case HP_REPLAY_REALLOC:
			resize(slot, op);
			break;
		default:
			make(slot, op);
		}
	}
	atomic_fetch_sub(&running, 1);
	return NULL;
}

/* A field of /proc/self/status, in bytes. */
static uint64_t status_bytes(const char *field)
{
	char text[STATUS_BYTES];
	FILE *file = fopen("/proc/self/status", "r");
	uint64_t bytes = 0;

	while (file && fgets(text, sizeof(text), file)) {
		if (strncmp(text, field, strlen(field)) == 0)
			bytes = strtoull(text + strlen(field), NULL, 10) * 1024;
	}
	if (file)
		fclose(file);
	return bytes;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct hp_replay_result result = { 0 };
	int fd = argc == 2 ? atoi(argv[1]) : -1;
	struct stat status;
	double start;

	if (fd < 0 || fstat(fd, &status) || (size_t)status.st_size < sizeof(*head)) {
		fputs("hpalloc-replay: for 'hpalloc trace replay' alone\n", stderr);
		return EXIT_FAILURE;
	}
	head = map((size_t)status.st_size, fd);
	threads = (const void *)(head + 1);
	ops = (const void *)(threads + head->threads);
	slots = map(head->slots * sizeof(*slots), -1);
	result.base_bytes = status_bytes("VmRSS:");
	start = now();
	if (head->threads) {
		atomic_store(&running, 1);
		run((void *)(uintptr_t)&threads[0]);
	}
	while (atomic_load(&running))
		sched_yield();
	result.seconds = now() - start;
	result.peak_bytes = status_bytes("VmHWM:");
	result.failed = atomic_load(&failed);
	if (write(STDOUT_FILENO, &result, sizeof(result)) != sizeof(result))
		return EXIT_FAILURE;
	_exit(EXIT_SUCCESS);
}

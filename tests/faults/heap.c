/* See heap.h. */
#include "heap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

enum {
	BLOCK_BYTES = 64 << 10,
	BLOCKS_OF_MIB = MIB / BLOCK_BYTES,
	BLOCKS_MAX = 4096 * BLOCKS_OF_MIB,
	DRY_BLOCKS = 64 * BLOCKS_OF_MIB,
	STEP = 4096,
	LINE_BYTES = 256,
	SIZES = 5,
	OF_SIZE = 40
};

static struct {
	unsigned char *blocks[BLOCKS_MAX];
	size_t count;
	int value;
} heap;

void say(const char *format, ...)
{
	static bool has_begun;
	char line[LINE_BYTES];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* No stdio: its buffer would be the heap's. */
	if (length < 0 || (has_begun && write(STDOUT_FILENO, ", ", 2) < 0) ||
	    write(STDOUT_FILENO, line, (size_t)length) < 0)
		_exit(1);
	has_begun = true;
}

bool heap_take(size_t mib)
{
	size_t count = mib * BLOCKS_OF_MIB;

	for (; count && heap.count < BLOCKS_MAX; count--, heap.count++) {
		heap.blocks[heap.count] = malloc(BLOCK_BYTES);
		if (!heap.blocks[heap.count])
			return false;
		memset(heap.blocks[heap.count], heap.value, BLOCK_BYTES);
	}
	return true;
}

void heap_take_until_the_pool_is_dry(void)
{
	while (pool_read("free_hugepages") && heap.count < DRY_BLOCKS && heap_take(1))
		;
}

void heap_write(int value)
{
	heap.value = value;
	for (size_t i = 0; i < heap.count; i++)
		memset(heap.blocks[i], value, BLOCK_BYTES);
}

bool heap_is_whole(void)
{
	for (size_t i = 0; i < heap.count; i++)
		for (size_t at = 0; at < BLOCK_BYTES; at += STEP)
			if (heap.blocks[i][at] != heap.value)
				return false;
	return true;
}

void heap_give(void)
{
	while (heap.count)
		free(heap.blocks[--heap.count]);
}

bool heap_read_into(void)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	bool is_well = fd >= 0;

	heap.value = 0;
	for (size_t i = 0; i < heap.count; i++)
		is_well = is_well && read(fd, heap.blocks[i], BLOCK_BYTES) == BLOCK_BYTES;
	close(fd);
	return is_well;
}

bool heap_works(void)
{
	static const size_t sizes[SIZES] = { 24, 1000, 20000, 300000, 3000000 };
	unsigned char *blocks[SIZES * OF_SIZE];
	bool has_all = true;

	for (size_t i = 0; i < SIZES * OF_SIZE; i++) {
		blocks[i] = malloc(sizes[i % SIZES]);
		has_all = has_all && blocks[i];
		if (blocks[i])
			memset(blocks[i], (int)i, sizes[i % SIZES]);
	}
	for (size_t i = 0; i < SIZES * OF_SIZE; i++) {
		for (size_t at = 0; blocks[i] && at < sizes[i % SIZES]; at++)
			if (blocks[i][at] != (unsigned char)i)
				abort();
		free(blocks[i]);
	}
	return has_all;
}

/* The number behind `name` in a file of /proc or /sys, or the whole file if there is no name. */
static size_t number_in(const char *path, const char *name)
{
	char text[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at;

	if (fd >= 0)
		close(fd);
	text[got < 0 ? 0 : got] = '\0';
	at = strstr(text, name);
	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

size_t hugetlb_mib(void)
{
	return number_in("/proc/self/status", "HugetlbPages:") / 1024;
}

size_t pool_read(const char *name)
{
	char path[LINE_BYTES];

	snprintf(path, sizeof(path), POOL "%s", name);
	return number_in(path, "");
}

void pool_write(const char *name, size_t value)
{
	char path[LINE_BYTES], text[32];
	int fd, length;

	snprintf(path, sizeof(path), POOL "%s", name);
	length = snprintf(text, sizeof(text), "%zu", value);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)length) != length)
		say("the pool could not be set");
	close(fd);
}

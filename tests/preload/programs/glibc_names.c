/*
 * mallinfo, mallinfo2, malloc_stats, malloc_info, mallopt and malloc_trim speak of the preloaded
 * heap: each but mallopt is told of 64 MB of blocks, which glibc's own malloc never saw.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

enum { BLOCKS = 64, MEGABYTE = 1 << 20, IN_USE = BLOCKS * MEGABYTE };

/* What is printed on standard error by malloc_stats(). */
static size_t stats_text(char *text, size_t bytes)
{
	int saved = dup(STDERR_FILENO);
	int pipe_ends[2];
	ssize_t length;

	CHECK(!pipe(pipe_ends));
	dup2(pipe_ends[1], STDERR_FILENO);
	malloc_stats();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipe_ends[1]);
	length = read(pipe_ends[0], text, bytes - 1);
	close(pipe_ends[0]);
	CHECK(length >= 0);
	text[length] = 0;
	return (size_t)length;
}

/* The first number after `label`, which must be there. */
static double number_after(const char *text, const char *label)
{
	const char *found = strstr(text, label);

	CHECK(found);
	found += strlen(label);
	found += strcspn(found, "0123456789");
	return strtod(found, NULL);
}

/* What malloc_info() says; to be freed. */
static char *info_text(void)
{
	char *info = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&info, &bytes);

	CHECK(malloc_info(0, stream) == 0);
	CHECK(malloc_info(1, stream) != 0);
	fclose(stream);
	return info;
}

static void large_blocks_are_told(void)
{
	struct mallinfo2 now = mallinfo2();
	char text[8192], *info = info_text();

	CHECK(now.uordblks + now.hblkhd >= IN_USE);
	CHECK(now.hblks >= BLOCKS && now.hblkhd >= IN_USE && now.hblkhd < 2 * IN_USE);
	CHECK(now.uordblks <= now.arena && now.uordblks + now.fordblks == now.arena);
	CHECK(mallinfo().hblkhd >= IN_USE);
	CHECK(stats_text(text, sizeof(text)));
	CHECK(number_after(strstr(text, "Total"), "in use bytes") >= IN_USE);
	CHECK(number_after(strstr(text, "Total"), "mmap regions") >= BLOCKS);
	CHECK(!strncmp(info, "<malloc version=\"1\">", 20));
	CHECK(strstr(info, "</malloc>\n"));
	CHECK(number_after(info, "<system type=\"current\"") >= IN_USE);
	CHECK(number_after(info, "<total type=\"mmap\" count=") >= BLOCKS);
	CHECK(number_after(strstr(info, "<total type=\"mmap\""), "size") >= IN_USE);
	free(info);
}

/* A class of its own: nothing else here has blocks of this size. */
static void small_blocks_are_told(void)
{
	enum { SMALL = 3000, COUNT = 2000, CLASS = 3072 };
	static void *small[COUNT];
	struct mallinfo2 before = mallinfo2(), with, after;
	char *info, *size;

	for (int i = 0; i < COUNT; i++)
		small[i] = malloc(SMALL);
	with = mallinfo2();
	CHECK(with.uordblks - before.uordblks >= COUNT * SMALL);
	CHECK(with.uordblks - before.uordblks < COUNT * (CLASS + 100));
	CHECK(with.hblks == before.hblks);
	for (int i = 0; i < COUNT; i += 2)
		free(small[i]);
	after = mallinfo2();
	CHECK(after.ordblks - with.ordblks >= COUNT / 2 - 1);
	CHECK(with.uordblks - after.uordblks == COUNT / 2 * CLASS);
	info = info_text();
	size = strstr(info, "to=\"3072\"");
	CHECK(number_after(size, "count=") >= COUNT / 2 - 1);
	CHECK(number_after(size, "total=") == number_after(size, "count=") * CLASS);
	free(info);
	for (int i = 1; i < COUNT; i += 2)
		free(small[i]);
}

int main(void)
{
	void *blocks[BLOCKS];

	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(MEGABYTE);
		CHECK(hp_test_owns(blocks[i]));
		memset(blocks[i], i, MEGABYTE);
	}
	large_blocks_are_told();
	small_blocks_are_told();

	CHECK(mallopt(M_MMAP_THRESHOLD, MEGABYTE) == 1);
	CHECK(mallopt(M_ARENA_MAX, 1) == 1);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	malloc_trim(0);
	CHECK(mallinfo2().hblkhd < IN_USE / 2);
	CHECK(mallinfo2().arena < IN_USE / 2);
	CHECK(malloc_trim(0) == 0);
	return 0;
}

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

int main(void)
{
	void *blocks[BLOCKS];
	char text[8192];
	char *info = NULL;
	size_t info_bytes;
	FILE *stream;

	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(MEGABYTE);
		CHECK(hp_test_owns(blocks[i]));
		memset(blocks[i], i, MEGABYTE);
	}
	CHECK(mallinfo2().uordblks >= IN_USE);
	CHECK(mallinfo2().arena >= mallinfo2().uordblks);
	CHECK(mallinfo().uordblks >= IN_USE);
	CHECK(stats_text(text, sizeof(text)));
	CHECK(number_after(text, "in use bytes") >= IN_USE);

	stream = open_memstream(&info, &info_bytes);
	CHECK(malloc_info(0, stream) == 0);
	CHECK(malloc_info(1, stream) != 0);
	fclose(stream);
	CHECK(!strncmp(info, "<malloc version=\"1\">", 20));
	CHECK(number_after(info, "<system type=\"current\"") >= IN_USE);
	free(info);

	CHECK(mallopt(M_MMAP_THRESHOLD, MEGABYTE) == 1);
	CHECK(mallopt(M_ARENA_MAX, 1) == 1);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	malloc_trim(0);
	CHECK(mallinfo2().uordblks < IN_USE / 2);
	CHECK(mallinfo2().arena < IN_USE / 2);
	CHECK(malloc_trim(0) == 0);
	return 0;
}

/* See page.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "live/page.h"

/* How often a reader tries again while the page is being written; a killed writer never ends. */
#define READ_TRIES 1000

/* Memory is allocated to the file at once: where it could not be had later, a write is SIGBUS. */
static int map_file(struct hp_page *page)
{
	int error = posix_fallocate(page->fd, 0, sizeof(*page->shared));

	if (error)
		return -error;
	page->shared =
		mmap(NULL, sizeof(*page->shared), PROT_READ | PROT_WRITE, MAP_SHARED, page->fd, 0);
	return page->shared == MAP_FAILED ? -errno : 0;
}

/* The library follows no symbolic link: its path has none. */
static int create_in(const char *directory, struct hp_page *page)
{
	char *resolved = realpath(directory, NULL);
	int error;

	if (!resolved)
		return -errno;
	error = asprintf(&page->path, "%s/hpalloc-XXXXXX", resolved) < 0 ? -ENOMEM : 0;
	free(resolved);
	if (error)
		return error;
	page->fd = mkostemp(page->path, O_CLOEXEC);
	error = page->fd < 0 ? -errno : map_file(page);
	if (page->fd >= 0 && error) {
		close(page->fd);
		unlink(page->path);
	}
	if (error)
		free(page->path);
	return error;
}

int hp_page_init(struct hp_page *page)
{
	const char *directories[] = { getenv("XDG_RUNTIME_DIR"), "/dev/shm", "/tmp" };
	int error = -ENOENT;

	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories) && error; i++) {
		if (directories[i] && *directories[i] == '/')
			error = create_in(directories[i], page);
	}
	return error;
}

void hp_page_fini(struct hp_page *page)
{
	unlink(page->path);
	free(page->path);
	munmap(page->shared, sizeof(*page->shared));
	close(page->fd);
}

/* By read, not by the mapping: the program may have cut the file, and then a load is SIGBUS. */
static bool read_at(int fd, void *out, size_t bytes, size_t offset)
{
	return pread(fd, out, bytes, (off_t)offset) == (ssize_t)bytes;
}

struct hp_published hp_page_get(const struct hp_page *page)
{
	const size_t sequence_at = offsetof(struct hp_published, sequence);
	struct hp_published copy;
	uint64_t before, after;

	for (int i = 0; i < READ_TRIES; i++) {
		if (!read_at(page->fd, &before, sizeof(before), sequence_at) ||
		    !read_at(page->fd, &copy, sizeof(copy), 0) ||
		    !read_at(page->fd, &after, sizeof(after), sequence_at))
			return (struct hp_published){ 0 };
		if (before % 2 == 0 && after == before)
			break;
	}
	return copy;
}

/* What an older library does not have is 0. */
static bool copy_page(int fd, struct hp_published *out_page)
{
	ssize_t got = pread(fd, out_page, sizeof(*out_page), 0);
	size_t known = got < 0 ? 0 : (size_t)got;

	if (known < offsetof(struct hp_published, stats) || out_page->magic != HP_PUBLISHED_MAGIC)
		return false;
	if (out_page->bytes < known)
		known = out_page->bytes;
	if (known < offsetof(struct hp_published, stats))
		return false;
	memset((char *)out_page + known, 0, sizeof(*out_page) - known);
	return true;
}

bool hp_page_read(int fd, struct hp_published *out_page)
{
	struct hp_published copy;
	uint64_t after;

	for (int i = 0; i < READ_TRIES; i++) {
		if (!copy_page(fd, &copy) ||
		    !read_at(fd, &after, sizeof(after), offsetof(struct hp_published, sequence)))
			return false;
		if (copy.sequence % 2 == 0 && after == copy.sequence)
			break;
	}
	*out_page = copy;
	return true;
}

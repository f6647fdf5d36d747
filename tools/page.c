/* See page.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "page.h"

/* How often a reader tries again while the page is being written; a killed writer never ends. */
#define READ_TRIES 1000

/* Memory is allocated to the file at once: where it could not be had later, a write is SIGBUS. */
static int map_file(int fd, struct hp_page *page)
{
	int error = posix_fallocate(fd, 0, sizeof(*page->shared));

	if (error)
		return -error;
	page->shared = mmap(NULL, sizeof(*page->shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return page->shared == MAP_FAILED ? -errno : 0;
}

static int create_in(const char *directory, struct hp_page *page)
{
	int fd, error;

	if (asprintf(&page->path, "%s/hpalloc-XXXXXX", directory) < 0)
		return -ENOMEM;
	fd = mkostemp(page->path, O_CLOEXEC);
	error = fd < 0 ? -errno : map_file(fd, page);
	if (fd >= 0) {
		close(fd);
		if (error)
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
}

struct hp_published hp_page_get(const struct hp_page *page)
{
	const volatile uint64_t *sequence = &page->shared->sequence;
	struct hp_published copy;

	for (int i = 0; i < READ_TRIES; i++) {
		uint64_t before = *sequence;

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		copy = *page->shared;
		/* Pairs with the release fences around the library's writing. */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (before % 2 == 0 && *sequence == before)
			break;
	}
	return copy;
}

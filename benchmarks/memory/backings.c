/*
 * The backings: malloc, whichever is under the program, and mappings of its own on one kind of
 * page. See memory.h.
 */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BASE_PAGE_BYTES ((size_t)4096)
#define HUGEPAGE_BYTES ((size_t)2 << 20)

static size_t rounded(const struct memory_backing *self, size_t bytes)
{
	return (bytes + self->page_bytes - 1) / self->page_bytes * self->page_bytes;
}

static void *map(const char *what, size_t bytes, int flags)
{
	void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags,
			   -1, 0);

	if (start == MAP_FAILED) {
		fprintf(stderr, "memory: %s: no %zu KiB: %s\n", what, bytes / BENCH_KIB,
			strerror(errno));
		exit(flags & MAP_HUGETLB ? MEMORY_NO_PAGES : EXIT_FAILURE);
	}
	return start;
}

static void unmap(const struct memory_backing *self, void *block, size_t bytes)
{
	bench_check(!munmap(block, rounded(self, bytes)), "munmap failed");
}

static void *take_malloc(const struct memory_backing *self, size_t bytes)
{
	(void)self;
	return bench_malloc(bytes);
}

static void give_malloc(const struct memory_backing *self, void *block, size_t bytes)
{
	(void)self;
	(void)bytes;
	free(block);
}

static void *take_base(const struct memory_backing *self, size_t bytes)
{
	void *start = map(self->name, rounded(self, bytes), 0);

	/* EINVAL: a kernel without transparent huge pages needs no advice. */
	madvise(start, rounded(self, bytes), MADV_NOHUGEPAGE);
	return start;
}

/* Newer kernels align a mapping of whole hugepages by themselves; the others are made to. */
static void *take_thp(const struct memory_backing *self, size_t bytes)
{
	size_t wanted = rounded(self, bytes), before;
	char *start = map(self->name, wanted, 0);

	before = -(uintptr_t)start % HUGEPAGE_BYTES;
	if (before) {
		munmap(start, wanted);
		start = map(self->name, wanted + HUGEPAGE_BYTES, 0);
		before = -(uintptr_t)start % HUGEPAGE_BYTES;
		if (before)
			munmap(start, before);
		start += before;
		munmap(start + wanted, HUGEPAGE_BYTES - before);
	}
	bench_check(!madvise(start, wanted, MADV_HUGEPAGE), "transparent huge pages are refused");
	return start;
}

static void *take_hugetlb(const struct memory_backing *self, size_t bytes)
{
	return map(self->name, rounded(self, bytes), MAP_HUGETLB);
}

const struct memory_backing memory_backings[] = {
	{ "malloc", 0, take_malloc, give_malloc },
	{ "base", BASE_PAGE_BYTES, take_base, unmap },
	{ "thp", HUGEPAGE_BYTES, take_thp, unmap },
	{ "hugetlb", HUGEPAGE_BYTES, take_hugetlb, unmap },
	{ 0 },
};

/* In KiB, of the mappings that the block has a part in. */
struct sizes {
	uintptr_t first, behind; /* the block */
	bool is_ours;		 /* the mapping whose lines come now */
	double resident, thp, hugetlb;
};

static void add_line(struct sizes *sizes, const char *line)
{
	uintptr_t from, to;
	size_t kib;

	if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
		sizes->is_ours = from < sizes->behind && to > sizes->first;
	if (!sizes->is_ours)
		return;
	if (sscanf(line, "Rss: %zu", &kib) == 1)
		sizes->resident += (double)kib;
	else if (sscanf(line, "AnonHugePages: %zu", &kib) == 1)
		sizes->thp += (double)kib;
	else if (sscanf(line, "Private_Hugetlb: %zu", &kib) == 1)
		sizes->hugetlb += (double)kib;
}

/* Adds the whole lines of the text, and returns how long they are. */
static size_t add_lines(struct sizes *sizes, char *text)
{
	char *line = text, *end;

	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		add_line(sizes, line);
		line = end + 1;
	}
	return (size_t)(line - text);
}

/* Without malloc: a block of ours between those that are measured would change what it does. */
struct memory_pages memory_pages_of(const void *block, size_t bytes)
{
	static char text[32 * BENCH_KIB];
	struct sizes sizes = { .first = (uintptr_t)block, .behind = (uintptr_t)block + bytes };
	int file = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	size_t kept = 0;
	ssize_t got;

	bench_check(file >= 0, "/proc/self/smaps cannot be opened");
	while ((got = read(file, text + kept, sizeof(text) - 1 - kept)) > 0) {
		size_t used;

		text[kept + (size_t)got] = '\0';
		used = add_lines(&sizes, text);
		kept += (size_t)got - used;
		memmove(text, text + used, kept);
	}
	close(file);
	bench_check(got == 0, "/proc/self/smaps cannot be read");
	/* Pages of the pool are in no Rss. */
	sizes.resident += sizes.hugetlb;
	if (sizes.resident < 1)
		return (struct memory_pages){ 0, 0 };
	return (struct memory_pages){ sizes.hugetlb / sizes.resident, sizes.thp / sizes.resident };
}

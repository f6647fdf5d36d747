/*
 * The backings: malloc, whichever is under the program, and mappings of its own on one kind of
 * page. See memory.h.
 */
#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

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
		exit(EXIT_FAILURE);
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

/* What a line of smaps adds to the figures, in KiB, if it is one of them. */
static void add_line(const char *line, double *resident, double *thp, double *hugetlb)
{
	size_t kib;

	if (sscanf(line, "Rss: %zu", &kib) == 1)
		*resident += (double)kib;
	else if (sscanf(line, "AnonHugePages: %zu", &kib) == 1)
		*thp += (double)kib;
	else if (sscanf(line, "Private_Hugetlb: %zu", &kib) == 1)
		*hugetlb += (double)kib;
}

struct memory_pages memory_pages_of(const void *block, size_t bytes)
{
	uintptr_t first = (uintptr_t)block, behind = first + bytes;
	double resident = 0, thp = 0, hugetlb = 0;
	FILE *file = fopen("/proc/self/smaps", "r");
	bool is_ours = false;
	char line[512];

	bench_check(file, "/proc/self/smaps cannot be read");
	while (fgets(line, sizeof(line), file)) {
		uintptr_t from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			is_ours = from < behind && to > first;
		else if (is_ours)
			add_line(line, &resident, &thp, &hugetlb);
	}
	fclose(file);
	/* Pages of the pool are in no Rss. */
	resident += hugetlb;
	if (resident == 0)
		return (struct memory_pages){ 0, 0 };
	return (struct memory_pages){ hugetlb / resident, thp / resident };
}

/*
 * A malloc that only bumps through one mapping and never frees: what the pages are worth by
 * themselves. A baseline for the TLB-bound workloads, put under them by `--with`. BUMP in the
 * environment says what the mapping stands on: base (the default), thp or hugetlb.
 *
 * Not a malloc to use: at the end of the mapping there is no memory, and realloc always copies.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPPED_BYTES ((size_t)6 << 30)
#define HUGETLB_BYTES ((size_t)7 << 29) /* the pool must have it all, in advance */
#define HUGEPAGE_BYTES ((size_t)2 << 20)
#define EXPORT __attribute__((visibility("default")))

struct head {
	size_t bytes;
	size_t unused; /* keeps blocks aligned to 16 */
};

static _Atomic size_t used;
static _Atomic(char *) mapping;

static size_t mapped_bytes(const char *kind)
{
	return !strcmp(kind, "hugetlb") ? HUGETLB_BYTES : MAPPED_BYTES;
}

static const char *kind_wanted(void)
{
	const char *kind = getenv("BUMP");

	return kind ? kind : "base";
}

static char *map(void)
{
	const char *kind = kind_wanted();
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char *start;

	if (!strcmp(kind, "hugetlb"))
		flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	start = mmap(NULL, mapped_bytes(kind), PROT_READ | PROT_WRITE, flags, -1, 0);
	if (start == MAP_FAILED) {
		static const char message[] = "bump: no such mapping: is the pool too small?\n";

		if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
			_exit(2);
		_exit(1);
	}
	madvise(start, mapped_bytes(kind), !strcmp(kind, "thp") ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return start;
}

/* The first call comes from the loader, before there is a second thread. */
static char *start_of_mapping(void)
{
	if (!mapping)
		mapping = map();
	return mapping;
}

static void *take(size_t align, size_t bytes)
{
	char *start = start_of_mapping();
	size_t room = bytes + sizeof(struct head) + align;
	size_t at = atomic_fetch_add(&used, (room + 15) & ~(size_t)15);
	uintptr_t block = ((uintptr_t)start + at + sizeof(struct head) + align - 1) & ~(align - 1);

	if (bytes > MAPPED_BYTES || at + room > mapped_bytes(kind_wanted())) {
		errno = ENOMEM;
		return NULL;
	}
	((struct head *)block)[-1].bytes = bytes;
	return (void *)block;
}

EXPORT void *malloc(size_t bytes)
{
	return take(16, bytes);
}

EXPORT void free(void *block)
{
	(void)block;
}

/* Fresh memory is zero. */
EXPORT void *calloc(size_t count, size_t bytes)
{
	return take(16, count * bytes);
}

EXPORT void *realloc(void *block, size_t bytes)
{
	void *moved = take(16, bytes);
	size_t have = block ? ((struct head *)block)[-1].bytes : 0;

	if (moved && have)
		memcpy(moved, block, have < bytes ? have : bytes);
	return moved;
}

EXPORT int posix_memalign(void **out_block, size_t align, size_t bytes)
{
	*out_block = take(align < 16 ? 16 : align, bytes);
	return *out_block ? 0 : ENOMEM;
}

EXPORT void *aligned_alloc(size_t align, size_t bytes)
{
	return take(align < 16 ? 16 : align, bytes);
}

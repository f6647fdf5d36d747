/*
 * Every allocating name of C, POSIX and glibc gives blocks of the heap, aligned and sized as its
 * manual says, and fails as it says. In each, `owned` is the proof that the name was interposed
 * and not only one of its siblings.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { PAGE = 4096 };

static volatile size_t too_many = (size_t)PTRDIFF_MAX + 1;

/* Writes all that may be written; a block shorter than it says would overlap its neighbours. */
static void check_owned(void *block, size_t bytes, size_t align)
{
	CHECK(block && hp_test_owns(block));
	CHECK((uintptr_t)block % align == 0);
	CHECK(malloc_usable_size(block) >= bytes);
	memset(block, 0x5a, malloc_usable_size(block));
}

static int fails_with(int expected, void *block)
{
	int found = errno;

	errno = 0;
	return !block && found == expected;
}

static void check_plain(void)
{
	static const size_t sizes[] = { 0, 1, 16, 1000, 70000, 3 << 20 };
	char *blocks[sizeof(sizes) / sizeof(*sizes)];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		blocks[i] = malloc(sizes[i]);
		check_owned(blocks[i], sizes[i], 16);
	}
	CHECK(blocks[0] != hp_test_keep(malloc(0)));
	free(hp_test_sink);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *block = calloc(sizes[i] / 2 + 1, 2);

		for (size_t byte = 0; byte < sizes[i]; byte++)
			CHECK(block[byte] == 0);
		check_owned(block, sizes[i], 16);
		errno = EXDEV;
		free(block);
		free(blocks[i]);
		CHECK(errno == EXDEV);
	}
	free(NULL);
	errno = 0;
	CHECK(fails_with(ENOMEM, hp_test_keep(malloc(too_many))));
	CHECK(fails_with(ENOMEM, hp_test_keep(calloc(too_many, 2))));
	CHECK(malloc_usable_size(NULL) == 0);
}

static void check_realloc(void)
{
	char *block = realloc(NULL, 10);

	check_owned(block, 10, 16);
	memcpy(block, "123456789", 10);
	for (size_t bytes = 20; bytes < 40 << 20; bytes *= 3) {
		block = realloc(block, bytes);
		CHECK(hp_test_owns(block) && malloc_usable_size(block) >= bytes);
		CHECK(!memcmp(block, "123456789", 10));
	}
	CHECK(fails_with(ENOMEM, hp_test_keep(realloc(hp_test_keep(block), too_many))));
	CHECK(!memcmp(block, "123456789", 10));
	block = realloc(block, 5);
	CHECK(hp_test_owns(block) && !memcmp(block, "1234", 4));
	CHECK(!hp_test_keep(realloc(block, 0)));

	block = reallocarray(NULL, 100, 30);
	check_owned(block, 3000, 16);
	block[99] = 'x';
	CHECK(fails_with(ENOMEM, hp_test_keep(reallocarray(hp_test_keep(block), too_many, 2))));
	block = reallocarray(block, 1000, 30);
	CHECK(hp_test_owns(block) && malloc_usable_size(block) >= 30000 && block[99] == 'x');
	free(block);
}

static void check_aligned(void)
{
	void *block = NULL;

	for (size_t align = sizeof(void *); align <= 4 << 20; align *= 2) {
		CHECK(posix_memalign(&block, align, 100) == 0);
		check_owned(block, 100, align);
		free(block);
		check_owned(block = aligned_alloc(align, align), align, align);
		free(block);
		check_owned(block = memalign(align, 5000), 5000, align);
		free(block);
	}
	block = &block;
	errno = EXDEV;
	CHECK(posix_memalign(&block, 3, 100) == EINVAL);
	CHECK(posix_memalign(&block, sizeof(void *) / 2, 100) == EINVAL);
	CHECK(posix_memalign(&block, 64, too_many) == ENOMEM);
	CHECK(block == &block && errno == EXDEV);

	check_owned(block = valloc(100), 100, PAGE);
	free(block);
	check_owned(block = pvalloc(PAGE + 1), 2 * (size_t)PAGE, PAGE);
	free(block);
}

/* C23's two are in no header of glibc 2.36. */
static void check_sized_free(void)
{
	void (*free_sized)(void *, size_t);
	void (*free_aligned_sized)(void *, size_t, size_t);

	*(void **)&free_sized = dlsym(RTLD_DEFAULT, "free_sized");
	*(void **)&free_aligned_sized = dlsym(RTLD_DEFAULT, "free_aligned_sized");
	CHECK(free_sized && free_aligned_sized);
	free_sized(hp_test_keep(malloc(100)), 100);
	free_sized(hp_test_keep(calloc(3, 100)), 300);
	free_sized(NULL, 0);
	free_aligned_sized(hp_test_keep(aligned_alloc(256, 1000)), 256, 1000);
}

static void check_inside_libc(void)
{
	char *line = NULL;
	size_t bytes = 0;
	FILE *stream = tmpfile();

	CHECK(hp_test_owns(hp_test_keep(strdup("a string"))));
	free(hp_test_sink);
	fputs("a line of a file\n", stream);
	rewind(stream);
	CHECK(getline(&line, &bytes, stream) == 17 && hp_test_owns(line));
	free(line);
	fclose(stream);
	CHECK(asprintf(&line, "%d", 42) == 2 && hp_test_owns(line));
	free(line);
}

int main(void)
{
	check_plain();
	check_realloc();
	check_aligned();
	check_sized_free();
	check_inside_libc();
	return 0;
}

/*
 * Linked with the objects of the command in the place of two functions of it: /proc, /sys and /etc
 * are those of a tree that the test made ($HP_TEST_ROOT), and what is written there is answered as
 * the kernel would: a pool grows up to what the file `most` in the tree says, and keeps what is in
 * use. $HP_TEST_ERRNO refuses every writing.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/files.h"
#include "machine/root.h"

const char *__wrap_hp_root(void);
int __wrap_hp_file_write(const char *path, const char *text);
int __real_hp_file_write(const char *path, const char *text);

const char *__wrap_hp_root(void)
{
	const char *root = getenv("HP_TEST_ROOT");

	if (!root)
		abort();
	return root;
}

static uint64_t number_at(const char *directory, const char *name, uint64_t otherwise)
{
	uint64_t number = otherwise;

	hp_file_number(&number, "%s/%s", directory, name);
	return number;
}

static void set_number(const char *directory, const char *name, uint64_t number)
{
	char *path = NULL;
	FILE *file;

	if (asprintf(&path, "%s%s/%s", __wrap_hp_root(), directory, name) < 0)
		abort();
	file = fopen(path, "w");
	if (!file || fprintf(file, "%" PRIu64 "\n", number) < 0 || fclose(file))
		abort();
	free(path);
}

static void resize(const char *directory, uint64_t asked)
{
	uint64_t total = number_at(directory, "nr_hugepages", 0);
	uint64_t used = total - number_at(directory, "free_hugepages", 0);
	uint64_t surplus = number_at(directory, "surplus_hugepages", 0);
	uint64_t most = number_at("", "most", UINT64_MAX);

	if (asked > total - surplus) {
		total = asked < most ? asked : most > total ? most : total;
		surplus = 0;
	} else {
		total = asked > used ? asked : used;
		surplus = total - asked;
	}
	set_number(directory, "nr_hugepages", total);
	set_number(directory, "free_hugepages", total - used);
	set_number(directory, "surplus_hugepages", surplus);
}

int __wrap_hp_file_write(const char *path, const char *text)
{
	const char *refusal = getenv("HP_TEST_ERRNO");
	char directory[PATH_MAX], *slash;

	if (refusal)
		return -atoi(refusal);
	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash || strcmp(slash, "/nr_hugepages") != 0)
		return __real_hp_file_write(path, text);
	*slash = '\0';
	resize(directory, strtoull(text, NULL, 10));
	return 0;
}

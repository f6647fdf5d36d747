/* See helper.h. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/helper.h"
#include "common/say.h"

/* The directory of the command; whether that is not where it is installed. */
static bool is_in_build_tree(char directory[static PATH_MAX])
{
	ssize_t bytes = readlink("/proc/self/exe", directory, PATH_MAX - 1);
	char *slash;

	if (bytes < 0)
		return false;
	directory[bytes] = '\0';
	slash = strrchr(directory, '/');
	*slash = '\0';
	return strcmp(directory, HP_BINDIR) != 0;
}

/* NULL, with errno, if there is none. */
static char *find_beside(const char *beside, const char *name)
{
	char own[PATH_MAX], *path = NULL, *found;

	if (!is_in_build_tree(own) || asprintf(&path, "%s/%s/%s", own, beside, name) < 0)
		return NULL;
	found = realpath(path, NULL);
	free(path);
	return found;
}

char *hp_helper_find(const char *directory, const char *beside, const char *name)
{
	char *path = NULL, *found = find_beside(beside, name);

	if (found || asprintf(&path, "%s/%s", directory, name) < 0)
		return found;
	found = realpath(path, NULL);
	if (!found)
		hp_say("%s: %s", path, strerror(errno));
	free(path);
	return found;
}

static char *find_library(void)
{
	const char *set = getenv("HPALLOC_PRELOAD_LIBRARY");
	char *found;

	if (!set)
		return hp_helper_find(HP_LIBDIR, "../src", "libhpalloc-preload.so");
	found = realpath(set, NULL);
	if (!found)
		hp_say("%s: %s", set, strerror(errno));
	return found;
}

char *hp_helper_library(void)
{
	char *found = find_library();

	if (found && strpbrk(found, ": ")) {
		hp_say("%s: LD_PRELOAD cannot name a path with a colon or space", found);
		free(found);
		return NULL;
	}
	return found;
}

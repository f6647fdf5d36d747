/* See helper.h. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "trace/helper.h"

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

char *hp_helper_find(const char *directory, const char *beside, const char *name)
{
	char own[PATH_MAX], *path = NULL, *found;
	int length;

	if (is_in_build_tree(own))
		length = asprintf(&path, "%s/%s/%s", own, beside, name);
	else
		length = asprintf(&path, "%s/%s", directory, name);
	if (length < 0)
		return NULL;
	found = realpath(path, NULL);
	if (!found)
		hp_say("%s: %s", path, strerror(errno));
	free(path);
	return found;
}

char *hp_helper_library(void)
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

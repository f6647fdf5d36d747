/*
 * See pool_verb.h: the file that the machine reads at its start. It is written whole under another
 * name and then renamed, and nothing is written through a symbolic link: not the directory, not the
 * file, which may be one that masks it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/say.h"
#include "machine/files.h"
#include "machine/root.h"
#include "pool/verb.h"

#define DIRECTORY "/etc/sysctl.d"
#define NAME "60-hpalloc-hugepages.conf"
/* Not read by sysctl, as it does not end in ".conf". */
#define NEW_NAME NAME ".new"

#define TEXT_BYTES 200

static int open_directory(void)
{
	char *path = NULL;
	int fd, error;

	if (asprintf(&path, "%s" DIRECTORY, hp_root()) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	error = errno;
	free(path);
	if (fd < 0 && error == ENOTDIR)
		return -ELOOP; /* a link, for this pair of flags */
	return fd < 0 ? -error : fd;
}

static int write_new(int directory, const char *text)
{
	const ssize_t bytes = (ssize_t)strlen(text);
	int fd, error = 0;

	if (unlinkat(directory, NEW_NAME, 0) && errno != ENOENT)
		return -errno;
	fd = openat(directory, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)bytes) != bytes || fchmod(fd, 0644) || fsync(fd))
		error = errno ? -errno : -ENOSPC;
	if (close(fd) && !error)
		error = -errno;
	return error;
}

static int replace(int directory, const char *text)
{
	struct stat status;
	int error;

	if (fstatat(directory, NAME, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode))
		return -ELOOP;
	errno = 0;
	error = write_new(directory, text);
	if (!error && renameat(directory, NEW_NAME, directory, NAME))
		error = -errno;
	if (error)
		unlinkat(directory, NEW_NAME, 0);
	else if (fsync(directory))
		error = -errno;
	return error;
}

/* ---- who else sets it ---- */

static bool sets_pool(const char *path)
{
	char *text = hp_file_read("%s", path);
	bool is_set = false;

	for (char *line = text; line && !is_set; line = strchr(line, '\n')) {
		line += strspn(line, " \t\n-");
		is_set = strncmp(line, "vm.nr_hugepages", strlen("vm.nr_hugepages")) == 0 ||
			 strncmp(line, "vm/nr_hugepages", strlen("vm/nr_hugepages")) == 0;
	}
	free(text);
	return is_set;
}

static int is_later(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && strcmp(end, ".conf") == 0 && strcmp(entry->d_name, NAME) > 0;
}

/* The files are read in the order of their names, and the last one holds. */
static void say_who_overrides(void)
{
	char *path = NULL;
	struct dirent **entries = NULL;
	int count;

	if (asprintf(&path, "%s" DIRECTORY, hp_root()) < 0)
		return;
	count = scandir(path, &entries, is_later, alphasort);
	free(path);
	for (int i = 0; i < count; i++) {
		if (asprintf(&path, DIRECTORY "/%s", entries[i]->d_name) >= 0) {
			if (sets_pool(path))
				hp_say("%s sets it, too, and is read after that", path);
			free(path);
		}
		free(entries[i]);
	}
	free(entries);
	if (sets_pool("/etc/sysctl.conf"))
		hp_say("/etc/sysctl.conf sets it, too, and is read after that");
}

int hp_pool_persist(uint64_t pages)
{
	char text[TEXT_BYTES];
	int directory = open_directory(), error;

	snprintf(text, sizeof(text),
		 "# Huge pages of the default size, by 'hpalloc pool --set --persist'.\n"
		 "vm.nr_hugepages = %" PRIu64 "\n",
		 pages);
	error = directory < 0 ? directory : replace(directory, text);
	if (directory >= 0)
		close(directory);
	if (error == -ELOOP)
		hp_say(DIRECTORY "/" NAME " is no plain file, or " DIRECTORY
				 " no plain directory: left as it is");
	else if (error)
		hp_say(DIRECTORY "/" NAME ": %s", strerror(-error));
	else
		hp_say(DIRECTORY "/" NAME " sets %" PRIu64 " pages at each start of the machine",
		       pages);
	if (!error)
		say_who_overrides();
	return error ? HP_POOL_REFUSED : HP_POOL_DONE;
}

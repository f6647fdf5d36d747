/* Files that the library writes where its user says: see os.h. */
#include <errno.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "os/file.h"
#include "os/os.h"
#include "os/result.h"

/*
 * No link is followed in any directory of the path: whoever may write into one of them would choose
 * the file. Where a filter knows no openat2, at least not the last one.
 */
static int open_without_links(const char *path, int flags, unsigned mode)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
		.mode = mode,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = hp_file_open(path, (int)how.flags, mode);
	return fd < 0 ? -errno : fd;
}

/*
 * A file that only this user can shorten while it is mapped, and that has no second name, which
 * anybody could have given it.
 */
static bool is_own(const struct stat *status, size_t bytes)
{
	return S_ISREG(status->st_mode) && status->st_uid == geteuid() && status->st_nlink == 1 &&
	       !(status->st_mode & (S_IWGRP | S_IWOTH)) && (size_t)status->st_size >= bytes;
}

int hp_os_publish_map(const char *path, size_t bytes, void **out_address)
{
	int fd = open_without_links(path, O_RDWR, 0), error;
	struct stat status;

	if (fd < 0)
		return fd;
	error = hp_os_result(fstat(fd, &status));
	if (!error && !is_own(&status, bytes))
		error = -EINVAL;
	if (error) {
		hp_file_close(fd);
		return error;
	}
	return hp_os_map_and_close(fd, bytes, out_address);
}

int hp_os_file_create(const char *path, int *out_fd)
{
	int fd = open_without_links(path, O_WRONLY | O_CREAT, 0600), error;
	struct stat status;

	if (fd < 0)
		return fd;
	error = hp_os_result(fstat(fd, &status));
	if (!error && !is_own(&status, 0))
		error = -EINVAL;
	if (!error)
		error = hp_os_result(ftruncate(fd, 0));
	if (error)
		hp_file_close(fd);
	else
		*out_fd = fd;
	return error;
}

int hp_os_file_write(int fd, const void *bytes, size_t count)
{
	for (size_t done = 0; done < count;) {
		ssize_t wrote = hp_file_write(fd, (const char *)bytes + done, count - done);

		if (wrote < 0 && errno != EINTR)
			return -errno;
		if (wrote > 0)
			done += (size_t)wrote;
	}
	return 0;
}

void hp_os_file_close(int fd)
{
	hp_file_close(fd);
}

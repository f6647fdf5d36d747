/*
 * A file of the library's own that only grows: see os.h. Its descriptor lives in the program's
 * table, where the program may close it and open another file under the same number: so each
 * writing looks first whether it still is ours.
 */
#include <errno.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/text.h"
#include "os/file.h"
#include "os/os.h"

enum { HIGH_FD = 512, FILE_MODE = 0600 };

/* No link is followed in any directory of the path: who may write there would choose the file. */
static int open_without_links(const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
			 O_NOCTTY | O_CLOEXEC,
		.mode = flags & O_CREAT ? FILE_MODE : 0,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = hp_file_open(path, (int)how.flags, FILE_MODE);
	return fd < 0 ? -errno : fd;
}

/* Out of the way of programs that count on the lowest numbers, if the limit lets it. */
static int move_up(int fd)
{
	int high = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, HIGH_FD);

	if (high < 0)
		return fd;
	hp_file_close(fd);
	return high;
}

static bool is_ours(const struct hp_os_log *log, int fd)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_dev == log->device &&
	       status.st_ino == log->inode;
}

int hp_os_log_create(const char *path, struct hp_os_log *out_log)
{
	struct hp_os_log log = { 0 };
	struct stat status;
	size_t length = 0;
	int fd, error;

	if (*path != '/') {
		if (syscall(SYS_getcwd, log.path, sizeof(log.path)) < 0)
			return -errno;
		length = strlen(log.path);
	}
	if (length + 1 + strlen(path) >= sizeof(log.path))
		return -ENAMETOOLONG;
	hp_text_format(log.path + length, sizeof(log.path) - length, "%s%s", length ? "/" : "",
		       path);
	fd = open_without_links(log.path, O_CREAT | O_EXCL);
	if (fd < 0)
		return fd;
	fd = move_up(fd);
	if (fstat(fd, &status)) {
		error = -errno;
		hp_file_close(fd);
		return error;
	}
	log.device = status.st_dev;
	log.inode = status.st_ino;
	atomic_init(&log.fd, fd);
	memcpy(out_log, &log, sizeof(log));
	return 0;
}

/* Opened again under its name, if that still is its name. */
static int open_again(struct hp_os_log *log, int lost)
{
	int fd = open_without_links(log->path, 0);

	if (fd < 0)
		return fd;
	fd = move_up(fd);
	if (!is_ours(log, fd)) {
		hp_file_close(fd);
		return -ESTALE;
	}
	if (!atomic_compare_exchange_strong(&log->fd, &lost, fd)) {
		hp_file_close(fd); /* another thread was faster */
		return lost;
	}
	return fd;
}

int hp_os_log_write(struct hp_os_log *log, const void *head, size_t head_bytes, const void *body,
		    size_t body_bytes)
{
	struct iovec pieces[2] = { { (void *)(uintptr_t)head, head_bytes },
				   { (void *)(uintptr_t)body, body_bytes } };
	int fd = atomic_load(&log->fd);
	long written;

	if (!is_ours(log, fd))
		fd = open_again(log, fd);
	if (fd < 0)
		return fd;
	written = syscall(SYS_writev, fd, pieces, body_bytes ? 2 : 1);
	if (written < 0)
		return -errno;
	return (size_t)written == head_bytes + body_bytes ? 0 : -ENOSPC;
}

void hp_os_log_close(struct hp_os_log *log)
{
	int fd = atomic_load(&log->fd);

	if (is_ours(log, fd))
		hp_file_close(fd);
}

/*
 * open, read and close that are no cancellation points: a thread that is cancelled inside malloc
 * would leave a slow path half done.
 */
#ifndef HP_OS_FILE_H
#define HP_OS_FILE_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline int hp_file_open(const char *path, int flags, unsigned mode)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

static inline ssize_t hp_file_read(int fd, void *buffer, size_t bytes)
{
	return syscall(SYS_read, fd, buffer, bytes);
}

static inline ssize_t hp_file_read_at(int fd, void *buffer, size_t bytes, uint64_t at)
{
	return syscall(SYS_pread64, fd, buffer, bytes, at);
}

static inline ssize_t hp_file_write(int fd, const void *bytes, size_t count)
{
	return syscall(SYS_write, fd, bytes, count);
}

static inline void hp_file_close(int fd)
{
	syscall(SYS_close, fd);
}

#endif

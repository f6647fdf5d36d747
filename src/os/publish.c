/*
 * The file in which a process publishes, in a directory that only its user may write to: see os.h.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "os/file.h"
#include "os/os.h"
#include "os/result.h"

enum { OWN_MODE = 0600 };

int hp_os_map_and_close(int fd, size_t bytes, void **out_address)
{
	void *page = NULL;
	int error = hp_os_map_result(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
				     &page);

	hp_file_close(fd);
	if (error)
		return error;
	/* A hole of the file that a full file system can't fill would be SIGBUS later. */
	error = hp_os_populate(page, bytes);
	if (error)
		munmap(page, bytes);
	else
		*out_address = page;
	return error;
}

/* A directory that is this user's alone to write to, by descriptor; made where it is not there. */
static int open_own_directory(int parent, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat status;
	int fd, error = 0;

	if (mkdirat(parent, name, S_IRWXU) && errno != EEXIST)
		return -errno;
	fd = (int)syscall(SYS_openat, parent, name, flags, 0);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		error = -errno;
	else if (status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH))
		error = -EPERM;
	if (error)
		hp_file_close(fd);
	return error ? error : fd;
}

/* A new file of mode 0600 in the place of one that an earlier process of this number left. */
static int create_in(int directory, const char *name, size_t bytes)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = (int)syscall(SYS_openat, directory, name, flags, OWN_MODE), error;

	if (fd < 0 && errno == EEXIST && !unlinkat(directory, name, 0))
		fd = (int)syscall(SYS_openat, directory, name, flags, OWN_MODE);
	if (fd < 0)
		return -errno;
	error = hp_os_result(fchmod(fd, OWN_MODE)); /* whatever the umask */
	if (!error)
		error = hp_os_result(ftruncate(fd, (off_t)bytes));
	if (error) {
		unlinkat(directory, name, 0);
		hp_file_close(fd);
	}
	return error ? error : fd;
}

int hp_os_publish_create(const char *parent, const char *directory, size_t bytes, char *out_path,
			 size_t path_bytes, void **out_address)
{
	int fd = hp_file_open(parent, O_RDONLY | O_DIRECTORY, 0), own, file, error;
	char name[24];

	if (fd < 0)
		return -errno;
	own = open_own_directory(fd, directory);
	hp_file_close(fd);
	if (own < 0)
		return own;
	hp_text_format(name, sizeof(name), "%u", (unsigned)getpid());
	file = create_in(own, name, bytes);
	error = file < 0 ? file : hp_os_map_and_close(file, bytes, out_address);
	if (error && file >= 0)
		unlinkat(own, name, 0);
	if (!error)
		hp_text_format(out_path, path_bytes, "%s/%s/%s", parent, directory, name);
	hp_file_close(own);
	return error;
}

void hp_os_unlink(const char *path)
{
	syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

uint64_t hp_os_pid_space(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) ? 0 : status.st_ino;
}

unsigned hp_os_uid(void)
{
	return geteuid();
}

bool hp_os_directory_get(char *out_path, size_t bytes)
{
	return syscall(SYS_getcwd, out_path, bytes) > 0 && *out_path == '/';
}

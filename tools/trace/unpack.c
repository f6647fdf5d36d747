/* See unpack.h. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/unpack.h"

#define FIRST_BYTES ((size_t)1 << 20)

bool hp_unpack_is_packed(const uint8_t *bytes, size_t size)
{
	static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

	return size >= sizeof(magic) && memcmp(bytes, magic, sizeof(magic)) == 0;
}

static int read_all(int fd, uint8_t **out_bytes, size_t *out_size)
{
	size_t size = 0, room = 0;
	uint8_t *bytes = NULL, *larger;
	ssize_t got = 1;

	while (got > 0) {
		if (size == room) {
			room = room ? 2 * room : FIRST_BYTES;
			larger = realloc(bytes, room);
			if (!larger) {
				free(bytes);
				return -ENOMEM;
			}
			bytes = larger;
		}
		do
			got = read(fd, bytes + size, room - size);
		while (got < 0 && errno == EINTR);
		size += got > 0 ? (size_t)got : 0;
	}
	*out_bytes = bytes;
	*out_size = size;
	return 0;
}

static int start(const char *path, int output, pid_t *out_pid)
{
	char name[] = "zstd", how[] = "-dcq", end[] = "--";
	char *arguments[] = { name, how, end, NULL, NULL };
	posix_spawn_file_actions_t actions;
	char *file = strdup(path);
	int error;

	if (!file)
		return -ENOMEM;
	arguments[3] = file;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	error = posix_spawnp(out_pid, name, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	free(file);
	return -error;
}

int hp_unpack(const char *path, uint8_t **out_bytes, size_t *out_size)
{
	int ends[2], error, status = 0;
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	error = start(path, ends[1], &pid);
	close(ends[1]);
	if (!error)
		error = read_all(ends[0], out_bytes, out_size);
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (!error && status) {
		free(*out_bytes);
		error = -EIO;
	}
	return error;
}

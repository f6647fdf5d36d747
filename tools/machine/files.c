/* See files.h. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/files.h"
#include "machine/root.h"

#define FIRST_BYTES 4096

static char *below_root(const char *path)
{
	char *whole = NULL;

	return asprintf(&whole, "%s%s", hp_root(), path) < 0 ? NULL : whole;
}

static int open_below_root(const char *path, int flags)
{
	char *whole = below_root(path);
	int fd = whole ? open(whole, flags | O_CLOEXEC | O_NOCTTY) : -1;
	int error = errno;

	free(whole);
	errno = error;
	return fd;
}

/* Sets *text to twice its size, or frees it. */
static bool grow(char **text, size_t *bytes)
{
	char *larger = realloc(*text, *bytes * 2);

	if (!larger)
		free(*text);
	*text = larger;
	*bytes *= 2;
	return larger;
}

/* Such files have no size: they end where a read gives nothing. */
static char *read_all(int fd, size_t *out_bytes)
{
	size_t room = FIRST_BYTES, length = 0;
	char *text = malloc(room);
	ssize_t got = 1;

	while (text && got > 0 && length < HP_FILE_BYTES_MAX) {
		if (length + 1 == room && !grow(&text, &room))
			break;
		got = read(fd, text + length, room - 1 - length);
		if (got > 0)
			length += (size_t)got;
	}
	if (!text || (got < 0 && length == 0)) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	*out_bytes = length;
	return text;
}

static char *read_path(const char *path, size_t *out_bytes)
{
	int fd = open_below_root(path, O_RDONLY), error;
	char *text;

	if (fd < 0)
		return NULL;
	text = read_all(fd, out_bytes);
	error = errno;
	close(fd);
	errno = error;
	return text;
}

static char *read_formatted(size_t *out_bytes, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static char *read_formatted(size_t *out_bytes, const char *format, va_list arguments)
{
	char *path = NULL, *text;
	int error;

	if (vasprintf(&path, format, arguments) < 0)
		return NULL;
	text = read_path(path, out_bytes);
	error = errno;
	free(path);
	errno = error;
	return text;
}

char *hp_file_read(const char *format, ...)
{
	va_list arguments;
	size_t bytes;
	char *text;

	va_start(arguments, format);
	text = read_formatted(&bytes, format, arguments);
	va_end(arguments);
	return text;
}

char *hp_file_read_bytes(size_t *out_bytes, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = read_formatted(out_bytes, format, arguments);
	va_end(arguments);
	return text;
}

bool hp_file_number(uint64_t *out_number, const char *format, ...)
{
	va_list arguments;
	bool is_number;
	size_t bytes;
	char *text;

	va_start(arguments, format);
	text = read_formatted(&bytes, format, arguments);
	va_end(arguments);
	is_number = text && isdigit((unsigned char)*text);
	if (is_number)
		*out_number = strtoull(text, NULL, 10);
	free(text);
	return is_number;
}

bool hp_file_exists(const char *path)
{
	char *whole = below_root(path);
	bool exists = whole && access(whole, F_OK) == 0;

	free(whole);
	return exists;
}

int hp_file_write(const char *path, const char *text)
{
	int fd = open_below_root(path, O_WRONLY), error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	if (close(fd) && !error)
		error = -errno;
	return error;
}

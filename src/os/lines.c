/* See lines.h. One buffer: what is left of a line moves to its front. */
#include "os/lines.h"

#include <string.h>

#include "os/file.h"

void hp_lines_read(int fd, void (*visit)(const char *line, void *context), void *context)
{
	char buffer[4096];
	size_t have = 0;
	ssize_t got;

	while ((got = hp_file_read(fd, buffer + have, sizeof(buffer) - 1 - have)) > 0) {
		char *line = buffer, *end;

		have += (size_t)got;
		buffer[have] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			visit(line, context);
		}
		have = strlen(line);
		memmove(buffer, line, have);
		if (have == sizeof(buffer) - 1)
			have = 0;
	}
}

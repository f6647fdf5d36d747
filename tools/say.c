/* See say.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

void hp_say(const char *format, ...)
{
	char *text = NULL, *line = NULL;
	int length = -1;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) >= 0)
		length = asprintf(&line, "hpalloc: %s\n", text);
	va_end(arguments);
	for (int i = 0; i < length - 1; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	/* In one piece, so that it does not mix with what the program's children write. */
	if (length < 0 || write(STDERR_FILENO, line, (size_t)length) < 0)
		return; /* there is nobody to tell */
	free(line);
	free(text);
}

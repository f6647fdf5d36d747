/* See say.h. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/say.h"

/* A pipe takes so much in one piece, unmixed with what the program's children write. */
#define LINE_BYTES 4096

/* Of a longer line both ends are kept: the name that made it long is in the middle. */
static size_t shorten(char *line, size_t length)
{
	static const char gap[] = " ... ";
	const size_t end = LINE_BYTES / 2 - sizeof(gap);

	if (length <= LINE_BYTES)
		return length;
	memcpy(line + LINE_BYTES / 2, gap, sizeof(gap) - 1);
	memmove(line + LINE_BYTES / 2 + sizeof(gap) - 1, line + length - end, end);
	return LINE_BYTES / 2 + sizeof(gap) - 1 + end;
}

void hp_make_harmless(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];
		/* U+0080 to U+009F in UTF-8: control characters to a terminal as well. */
		bool is_c1 = byte == 0xc2 && i + 1 < length && (text[i + 1] & 0xe0) == 0x80;

		if (byte < ' ' || byte == 0x7f)
			text[i] = '?';
		if (is_c1)
			text[i] = text[i + 1] = '?';
	}
}

void hp_say(const char *format, ...)
{
	char *text = NULL, *line = NULL;
	int length = -1;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) >= 0) {
		length = asprintf(&line, "hpalloc: %s\n", text);
		free(text);
	}
	va_end(arguments);
	if (length < 0)
		return;
	hp_make_harmless(line, (size_t)length - 1);
	if (write(STDERR_FILENO, line, shorten(line, (size_t)length)) < 0)
		length = 0; /* there is nobody to tell */
	free(line);
}

/*
 * See check.h. The line is formatted on the stack and written in one go. It may quote what anybody
 * put into the environment: whatever that is, it stays one line, and says nothing to a terminal.
 */
#include "base/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

enum { LINE_BYTES = 512 };

static void make_harmless(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	}
}

static void say(const char *format, va_list arguments)
{
	char line[LINE_BYTES];
	size_t length = hp_text_format(line, sizeof(line), "hpalloc: ");
	int kept_errno = errno;

	length += hp_text_vformat(line + length, sizeof(line) - length - 1, format, arguments);
	make_harmless(line, length);
	line[length++] = '\n';
	if (write(STDERR_FILENO, line, length) < 0)
		errno = kept_errno; /* nobody is there to be told */
	errno = kept_errno;
}

void hp_fatal(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	abort();
}

void hp_warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
}

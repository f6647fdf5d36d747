/* See out.h. */
#include "base/out.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"

int hp_out_flush(struct hp_out *out)
{
	if (!out->error && out->length)
		out->error = out->write(out->fd, out->text, out->length);
	out->length = 0;
	return out->error;
}

static void add(struct hp_out *out, const char *text, size_t length)
{
	if (out->length + length > sizeof(out->text))
		hp_out_flush(out);
	memcpy(out->text + out->length, text, length);
	out->length += length;
}

void hp_out_put(struct hp_out *out, const char *format, ...)
{
	char piece[HP_OUT_PIECE];
	va_list arguments;

	va_start(arguments, format);
	add(out, piece, hp_text_vformat(piece, sizeof(piece), format, arguments));
	va_end(arguments);
}

void hp_out_put_right(struct hp_out *out, size_t columns, const char *format, ...)
{
	char piece[HP_OUT_PIECE];
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	length = hp_text_vformat(piece, sizeof(piece), format, arguments);
	va_end(arguments);
	for (size_t i = length; i < columns; i++)
		add(out, " ", 1);
	add(out, piece, length);
}

void hp_out_put_name(struct hp_out *out, const char *name, const char *escaped)
{
	for (; *name; name++) {
		if (strchr(escaped, *name))
			add(out, "\\", 1);
		add(out, *name >= ' ' && *name < 0x7f ? name : "?", 1);
	}
}

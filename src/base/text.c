/* See text.h. Numbers go through one buffer of the longest 64-bit decimal. */
#include "base/text.h"

#include <string.h>

struct sink {
	char *buffer;
	size_t room; /* without the terminating zero */
	size_t length;
};

static void put(struct sink *sink, const char *text, size_t length)
{
	for (size_t i = 0; i < length && sink->length < sink->room; i++)
		sink->buffer[sink->length++] = text[i];
}

static void put_number(struct sink *sink, uint64_t value, unsigned base)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = "0123456789abcdef"[value % base];
	while (value /= base);
	put(sink, digits + at, sizeof(digits) - at);
}

/* Puts the argument of one conversion; returns the format behind it. */
static const char *put_argument(struct sink *sink, const char *format, va_list *arguments)
{
	if (!strncmp(format, "zu", 2)) {
		put_number(sink, va_arg(*arguments, size_t), 10);
		return format + 2;
	}
	if (!strncmp(format, "llu", 3)) {
		put_number(sink, va_arg(*arguments, unsigned long long), 10);
		return format + 3;
	}
	if (*format == 's') {
		const char *text = va_arg(*arguments, const char *);

		put(sink, text, strlen(text));
	} else if (*format == 'p') {
		put(sink, "0x", 2);
		put_number(sink, (uintptr_t)va_arg(*arguments, void *), 16);
	} else if (*format == 'u') {
		put_number(sink, va_arg(*arguments, unsigned), 10);
	} else if (*format == 'c') {
		char character = (char)va_arg(*arguments, int);

		put(sink, &character, 1);
	} else {
		put(sink, format, 1);
	}
	return format + 1;
}

size_t hp_text_vformat(char *buffer, size_t bytes, const char *format, va_list arguments)
{
	struct sink sink = { buffer, bytes - 1, 0 };
	va_list copy;

	va_copy(copy, arguments);
	while (*format) {
		size_t plain = strcspn(format, "%");

		put(&sink, format, plain);
		format += plain;
		if (*format == '%')
			format = put_argument(&sink, format + 1, &copy);
	}
	va_end(copy);
	buffer[sink.length] = '\0';
	return sink.length;
}

size_t hp_text_format(char *buffer, size_t bytes, const char *format, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	length = hp_text_vformat(buffer, bytes, format, arguments);
	va_end(arguments);
	return length;
}

const char *hp_text_quote(char quoted[HP_TEXT_QUOTED_BYTES], const char *text)
{
	static const char dots[] = "...";
	size_t most = HP_TEXT_QUOTED_BYTES - sizeof(dots);
	size_t length = hp_text_format(quoted, most + 1, "%s", text);

	if (text[length])
		memcpy(quoted + length, dots, sizeof(dots));
	return quoted;
}

bool hp_text_expand_pid(const char *name, unsigned pid, char *out_name, size_t bytes)
{
	bool has_pid = false;
	size_t length = 0;

	while (*name && length < bytes - 1) {
		if (name[0] == '%' && name[1] == 'p') {
			length += hp_text_format(out_name + length, bytes - length, "%u", pid);
			has_pid = true;
			name += 2;
		} else {
			out_name[length++] = *name++;
		}
	}
	out_name[length] = '\0';
	return has_pid;
}

static unsigned digit_value(char character)
{
	if (character >= '0' && character <= '9')
		return (unsigned)(character - '0');
	if (character >= 'a' && character <= 'f')
		return (unsigned)(character - 'a') + 10;
	return 16;
}

uint64_t hp_text_leading_number(const char *text, unsigned base)
{
	uint64_t value = 0;

	for (; digit_value(*text) < base; text++)
		value = value * base + digit_value(*text);
	return value;
}

/* Reads digits up to their end; false where there are none or too many. */
static bool parse_digits(const char **text, uint64_t *out_value)
{
	uint64_t value = 0;

	if (digit_value(**text) > 9)
		return false;
	for (; digit_value(**text) < 10; (*text)++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit_value(**text), &value))
			return false;
	}
	*out_value = value;
	return true;
}

bool hp_text_parse_number(const char *text, uint64_t *out_value)
{
	uint64_t value;

	if (!parse_digits(&text, &value) || *text)
		return false;
	*out_value = value;
	return true;
}

bool hp_text_parse_bytes(const char *text, uint64_t *out_bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t value;

	if (!parse_digits(&text, &value))
		return false;
	if (*text) {
		unit = strchr(units, *text & ~0x20);
		if (!unit || !*unit || text[1] ||
		    __builtin_mul_overflow(value, (uint64_t)1024 << (10 * (unit - units)), &value))
			return false;
	}
	*out_bytes = value;
	return true;
}

/* The libFuzzer target of base/text.h: against the C library and against plain arithmetic. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { BUFFER_BYTES = 256 };

__extension__ typedef unsigned __int128 wide;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

/* The value of the digits at the start, or false where there are none or it does not fit. */
static bool expected_digits(const char *text, uint64_t *out_value, const char **out_end)
{
	wide value = 0;
	size_t digits = strspn(text, "0123456789");

	for (size_t i = 0; i < digits; i++) {
		value = value * 10 + (unsigned)(text[i] - '0');
		if (value > UINT64_MAX)
			return false;
	}
	*out_value = (uint64_t)value;
	*out_end = text + digits;
	return digits > 0;
}

static bool expected_bytes(const char *text, uint64_t *out_value)
{
	static const char units[] = "KkMmGgTt";
	wide value;
	const char *end, *unit;
	uint64_t digits = 0;

	if (!expected_digits(text, &digits, &end))
		return false;
	unit = *end ? strchr(units, *end) : NULL;
	if (*end && (!unit || end[1]))
		return false;
	value = (wide)digits << (unit ? 10 * ((unit - units) / 2 + 1) : 0);
	*out_value = (uint64_t)value;
	return value <= UINT64_MAX;
}

/* The C library takes capitals and a prefix, too; the kernel writes neither. */
static void check_hexadecimal(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdef");

	if (digits > 0 && digits <= 16 && !strpbrk(text, "ABCDEFxX"))
		check(hp_text_leading_number(text, 16) == strtoull(text, NULL, 16));
}

static void check_numbers(const char *text)
{
	uint64_t expected = 0, value = 77;
	const char *end;
	bool is_number = expected_digits(text, &expected, &end) && !*end;

	check(hp_text_parse_number(text, &value) == is_number);
	check(value == (is_number ? expected : 77));
	is_number = expected_bytes(text, &expected);
	value = 77;
	check(hp_text_parse_bytes(text, &value) == is_number);
	check(value == (is_number ? expected : 77));
	check_hexadecimal(text);
}

#define FORMAT "%s|%p %u %zu %llu%c%%\n"

/* snprintf() knows the same conversions, and cuts in the same way. */
static void check_format(const char *text, size_t room)
{
	char ours[BUFFER_BYTES], theirs[BUFFER_BYTES];
	const unsigned number = (unsigned)strlen(text);
	const char letter = *text ? *text : 'z';
	size_t length = hp_text_format(ours, room, FORMAT, text, (const void *)text, number,
				       (size_t)-1, 0ull, letter);
	int all = snprintf(theirs, room, FORMAT, text, (const void *)text, number, (size_t)-1, 0ull,
			   letter);

	check(length == ((size_t)all < room ? (size_t)all : room - 1));
	check(strcmp(ours, theirs) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	check_numbers(text);
	check_format(text, data[0] + 1u);
	free(text);
	return 0;
}

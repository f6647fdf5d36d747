/*
 * The libFuzzer target of os/lines.h and os/smaps.h: whatever the pieces, the sums are the same,
 * and those of a reader that has all the text at once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "os/lines.h"
#include "os/smaps.h"

static const uintptr_t FIRST = 0x10000, END = 0x7f0000000000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_in_pieces(struct hp_smaps *smaps, const char *text, size_t size, size_t piece)
{
	struct hp_lines lines = { 0 };

	for (size_t at = 0; at < size; at += piece)
		hp_lines_add(&lines, text + at, size - at < piece ? size - at : piece,
			     hp_smaps_add_line, smaps);
}

/* How many lines could have added anything. */
static unsigned lines_of(const char *text, size_t size)
{
	unsigned lines = 0;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_smaps whole = { .first = FIRST, .end = END }, cut = whole;
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	add_in_pieces(&whole, text, size - 1, size);
	add_in_pieces(&cut, text, size - 1, data[0] + 1u);
	if (memcmp(&whole.sums, &cut.sums, sizeof(whole.sums)))
		abort();
	/* A sum takes a line of a mapping and one of its own. */
	if ((whole.sums.normal || whole.sums.huge) && lines_of(text, size - 1) < 2)
		abort();
	return 0;
}

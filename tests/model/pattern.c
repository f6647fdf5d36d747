/* See pattern.h. */
#include "pattern.h"

#include "unit/support.h"

enum { WHOLE_TO = 24 * 1024, END_BYTES = 4096, SAMPLE_BYTES = 16 };

struct part {
	size_t from, to;
};

/* The parts of a block in order: the first is { 0, 0 }; false at the end. `from` is whole words. */
static bool next_part(size_t bytes, struct part *part)
{
	size_t tail = (bytes - MIN(bytes, END_BYTES)) / 8 * 8;

	if (part->to == bytes)
		return false;
	if (bytes <= WHOLE_TO)
		*part = (struct part){ 0, bytes };
	else if (part->to == 0)
		*part = (struct part){ 0, END_BYTES };
	else if ((part->to / HP_TEST_PAGE + 1) * HP_TEST_PAGE < tail)
		*part = (struct part){ (part->to / HP_TEST_PAGE + 1) * HP_TEST_PAGE,
				       (part->to / HP_TEST_PAGE + 1) * HP_TEST_PAGE +
					       SAMPLE_BYTES };
	else
		*part = (struct part){ tail, bytes };
	return true;
}

void hp_pattern_fill(unsigned char *block, size_t bytes, uint64_t seed)
{
	struct part part = { 0, 0 };

	while (next_part(bytes, &part))
		hp_test_fill(block + part.from, part.to - part.from, seed + part.from / 8);
}

bool hp_pattern_is_there(const unsigned char *block, size_t bytes, size_t upto, uint64_t seed)
{
	struct part part = { 0, 0 };

	while (next_part(bytes, &part) && part.from < upto) {
		size_t to = MIN(part.to, upto);

		if (!hp_test_is_filled(block + part.from, to - part.from, seed + part.from / 8))
			return false;
	}
	return true;
}

bool hp_pattern_is_zero(const unsigned char *block, size_t bytes)
{
	struct part part = { 0, 0 };

	while (next_part(bytes, &part)) {
		if (!hp_test_is_zero(block + part.from, part.to - part.from))
			return false;
	}
	return true;
}

/* See amounts.h. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "common/amounts.h"

#define BASE 1024

bool hp_amount_parse(const char *text, uint64_t *out_bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t value = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	}
	if (*text) {
		unit = strchr(units, toupper((unsigned char)*text));
		if (!unit || text[1])
			return false;
		for (; unit >= units; unit--) {
			if (__builtin_mul_overflow(value, BASE, &value))
				return false;
		}
	}
	*out_bytes = value;
	return true;
}

void hp_amount_exact(char out[static HP_AMOUNT_BYTES], uint64_t bytes)
{
	static const char units[] = "\0KMGT";
	unsigned unit = 0;

	while (bytes && bytes % BASE == 0 && units[unit + 1]) {
		bytes /= BASE;
		unit++;
	}
	snprintf(out, HP_AMOUNT_BYTES, "%" PRIu64 "%.1s", bytes, &units[unit]);
}

void hp_amount_print(FILE *out, uint64_t bytes)
{
	if (bytes < HP_MB)
		fprintf(out, "%" PRIu64 " KB", bytes / HP_KB);
	else if (bytes < 10 * HP_MB)
		fprintf(out, "%.1f MB", (double)bytes / (double)HP_MB);
	else
		fprintf(out, "%" PRIu64 " MB", bytes / HP_MB);
}

unsigned hp_percent(uint64_t part, uint64_t whole)
{
	if (part >= whole)
		return whole ? 100 : 0;
	return (unsigned)((double)part * 100 / (double)whole + 0.5);
}

uint64_t hp_pages_for(uint64_t bytes, uint64_t page_bytes)
{
	return bytes / page_bytes + (bytes % page_bytes != 0);
}

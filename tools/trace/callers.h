/* The callers of a trace, numbered, and their names. */
#ifndef HP_TOOLS_TRACE_CALLERS_H
#define HP_TOOLS_TRACE_CALLERS_H

#include "trace/tape.h"

struct hp_callers {
	const struct hp_tape *tape;
	uint64_t *addresses; /* by number */
	uint32_t count;
	uint32_t *table; /* numbers + 1 by hash; 0: empty */
	size_t room;
};

/* The number of a caller, new ones counted up from 0; UINT32_MAX if memory is out. */
uint32_t hp_callers_number(struct hp_callers *callers, uint64_t address);

/*
 * "function (FILE+0xOFFSET)", "FILE+0xOFFSET", or "0xADDRESS" where no file was mapped; always
 * ended, cut to fit, without control characters. The offset is that of the call, not of the
 * instruction behind it.
 */
void hp_callers_name(const struct hp_callers *callers, uint32_t number, char *out_name,
		     size_t name_bytes);

/* The file that was mapped there, as it is; NULL if there was none. */
const char *hp_callers_file(const struct hp_callers *callers, uint32_t number);

void hp_callers_fini(struct hp_callers *callers);

#endif

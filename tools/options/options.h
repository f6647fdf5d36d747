/* The options of the library, from its one table (src/rt/options.def). */
#ifndef HP_TOOLS_OPTIONS_OPTIONS_H
#define HP_TOOLS_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hp_option_type {
	HP_TYPE_CHOICE,
	HP_TYPE_BOOL,
	HP_TYPE_TEXT,
	HP_TYPE_SIZE,
	HP_TYPE_UINT,
};

#define HP_OPTION_NAME_BYTES 32

struct hp_option {
	char name[HP_OPTION_NAME_BYTES];	 /* "decay-ms": an option of `hpalloc run` */
	char variable[HP_OPTION_NAME_BYTES + 8]; /* "HPALLOC_DECAY_MS" */
	char value[HP_OPTION_NAME_BYTES];	 /* its default */
	enum hp_option_type type;
	uint64_t min, max;    /* of a SIZE or UINT */
	const char *argument; /* "SIZE"; of a CHOICE its words: "auto|keep|snapshot" */
	const char *alone;    /* what the option without a value sets; NULL: it needs one */
	const char *help;
};

/* All of them; valid for ever. */
const struct hp_option *hp_options_get(size_t *out_count);

/* Whether the library takes this value; else it says so and goes on with the default. */
bool hp_option_accepts(const struct hp_option *option, const char *value);

#endif

/* The options of the library, from its one table (src/rt/options.def). */
#ifndef HP_TOOLS_OPTIONS_H
#define HP_TOOLS_OPTIONS_H

#include <stddef.h>

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
	const char *help;
};

/* All of them; valid for ever. */
const struct hp_option *hp_options_get(size_t *out_count);

const char *hp_option_type_name(enum hp_option_type type);

#endif

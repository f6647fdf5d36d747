/* See settings.h. What is in the table of options is an option here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options/options.h"
#include "options/settings.h"

/* argp numbers the options of the table from here on, above all characters and the verbs' own. */
#define FIRST_KEY 4096

static error_t parse(int key, char *text, struct argp_state *state)
{
	size_t count;
	const struct hp_option *options = hp_options_get(&count);

	(void)state;
	if (key < FIRST_KEY || (size_t)(key - FIRST_KEY) >= count)
		return ARGP_ERR_UNKNOWN;
	options += key - FIRST_KEY;
	return setenv(options->variable, text ? text : options->alone, 1) ? errno : 0;
}

/* Ended by zeros. Lives as long as the process, as its help texts do. */
static struct argp_option *make_options(void)
{
	size_t count;
	const struct hp_option *options = hp_options_get(&count);
	struct argp_option *made = calloc(count + 1, sizeof(*made)), *next = made;

	for (size_t i = 0; made && i < count; i++) {
		char *doc = NULL;

		if (strcmp(options[i].variable, HP_PUBLISH_VARIABLE) == 0)
			continue;
		if (asprintf(&doc, "%s: %s", options[i].variable, options[i].help) < 0)
			doc = NULL;
		*next++ = (struct argp_option){
			.name = options[i].name,
			.key = FIRST_KEY + (int)i,
			.arg = options[i].argument,
			.flags = options[i].alone ? OPTION_ARG_OPTIONAL : 0,
			.doc = doc,
		};
	}
	return made;
}

const struct argp *hp_settings_argp(void)
{
	static struct argp argp = { .parser = parse };

	if (!argp.options)
		argp.options = make_options();
	return argp.options ? &argp : NULL;
}

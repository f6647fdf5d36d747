/*
 * The variables of the library as options of a verb that runs a program: each option sets its
 * variable here, and the program inherits it.
 */
#ifndef HP_TOOLS_OPTIONS_SETTINGS_H
#define HP_TOOLS_OPTIONS_SETTINGS_H

#include <argp.h>

/* A child of the verb's argp; NULL if memory is out. */
const struct argp *hp_settings_argp(void);

/* Where the program writes its counters: not for the command line. */
#define HP_PUBLISH_VARIABLE "HPALLOC_PUBLISH"

#endif

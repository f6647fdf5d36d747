/* The command line of a verb, by argp; what is wrong with it is said in one line of ours. */
#ifndef HP_TOOLS_COMMON_ARGUMENTS_H
#define HP_TOOLS_COMMON_ARGUMENTS_H

#include <argp.h>
#include <stdbool.h>

/* What a parser returns that has said itself what is wrong. */
#define HP_ARGUMENTS_SAID ECANCELED

/*
 * Parses up to the first argument that is no option, unless the parser takes that; --help, --usage
 * and --version besides what `argp` has. Returns 0 or, with one line said, the exit status. Without
 * argp's own messages, which print an argument as it is.
 */
int hp_arguments_parse(const struct argp *argp, int argc, char **argv, void *input);

/* Digits alone, and a number from `least` to `most`; else false. */
bool hp_arguments_number(const char *text, size_t least, size_t most, size_t *out_number);

#endif

/* The tool's one line on standard error, in the form of the library's own: "hpalloc: ...". */
#ifndef HP_TOOLS_COMMON_SAY_H
#define HP_TOOLS_COMMON_SAY_H

#include <stddef.h>

/*
 * Whatever a name may contain, and however long it is, it stays one line of at most 4096 bytes:
 * control characters are printed as '?'.
 */
void hp_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Puts '?' in the place of each control character. */
void hp_make_harmless(char *text, size_t length);

#endif

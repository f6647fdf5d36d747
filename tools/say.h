/* The tool's one line on standard error, in the form of the library's own: "hpalloc: ...". */
#ifndef HP_TOOLS_SAY_H
#define HP_TOOLS_SAY_H

/* Whatever a name may contain, it stays one line: control characters are printed as '?'. */
void hp_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

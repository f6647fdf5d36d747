/*
 * Text without locale, allocation or stdio: what the library says in its one line, and what it
 * reads from the environment and /proc. Pure.
 */
#ifndef HP_BASE_TEXT_H
#define HP_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/*
 * Formats into `buffer`, always terminated, cut where it is full; returns the length.
 * Knows %s %p %u (unsigned) %zu %llu %c and %%, nothing else.
 */
size_t hp_text_format(char *buffer, size_t bytes, const char *format, ...) HP_PRINTF(3, 4);
size_t hp_text_vformat(char *buffer, size_t bytes, const char *format, va_list arguments);

/*
 * Text of any length as a line quotes it, so that what stands behind it has room: cut, with dots at
 * the end, if it is longer than that.
 */
enum { HP_TEXT_QUOTED_BYTES = 204 };
const char *hp_text_quote(char quoted[HP_TEXT_QUOTED_BYTES], const char *text);

/* The name of a file in which each %p stands for the process id, cut; whether there was one. */
bool hp_text_expand_pid(const char *name, unsigned pid, char *out_name, size_t bytes);

/* Reads the whole of `text` as a decimal number, or as one with K, M, G or T behind it. */
bool hp_text_parse_number(const char *text, uint64_t *out_value);
bool hp_text_parse_bytes(const char *text, uint64_t *out_bytes);

/* Reads a number at the start of `text` in the given base; the rest may be anything. */
uint64_t hp_text_leading_number(const char *text, unsigned base);

#endif

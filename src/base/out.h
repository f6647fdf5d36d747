/*
 * Text on its way out, in pieces of a small buffer on the caller's stack. Pure: where it goes is
 * the caller's.
 */
#ifndef HP_BASE_OUT_H
#define HP_BASE_OUT_H

#include <stddef.h>

#include "base/attr.h"

enum { HP_OUT_BYTES = 1024, HP_OUT_PIECE = 256 };

struct hp_out {
	int (*write)(int fd, const void *bytes, size_t count); /* 0 or a negative errno */
	int fd;
	int error; /* the first one: nothing is written any more */
	size_t length;
	char text[HP_OUT_BYTES];
};

/* At most HP_OUT_PIECE - 1 bytes at once; knows what hp_text_format() knows. */
void hp_out_put(struct hp_out *out, const char *format, ...) HP_PRINTF(2, 3);

/* The same, filled up with spaces on the left; what is longer is put as it is. */
void hp_out_put_right(struct hp_out *out, size_t columns, const char *format, ...) HP_PRINTF(3, 4);

/* Any text: `?` for what is not printable ASCII, and a backslash before each of `escaped`. */
void hp_out_put_name(struct hp_out *out, const char *name, const char *escaped);

/* Writes what is left; 0 or the first error. */
int hp_out_flush(struct hp_out *out);

#endif

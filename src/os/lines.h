/* Text of the kernel's, fed piece by piece, as lines. What is too long for one, a path, is cut. */
#ifndef HP_OS_LINES_H
#define HP_OS_LINES_H

#include <stddef.h>

#define HP_LINE_BYTES ((size_t)4096 + 256) /* the longest path, and what stands before it */

/* The line at hand; starts as zero. */
struct hp_lines {
	size_t length;
	char line[HP_LINE_BYTES];
};

typedef void hp_line_visitor(const char *line, void *context);

/* Calls `visit` for each line that ends in the piece, without its newline. Pure. */
void hp_lines_add(struct hp_lines *lines, const char *text, size_t bytes, hp_line_visitor *visit,
		  void *context);

/* The same for all that a file has. */
void hp_lines_read(int fd, hp_line_visitor *visit, void *context);

#endif

/* See lines.h. */
#include "os/lines.h"

#include "os/file.h"

void hp_lines_add(struct hp_lines *lines, const char *text, size_t bytes, hp_line_visitor *visit,
		  void *context)
{
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '\n') {
			lines->line[lines->length] = '\0';
			visit(lines->line, context);
			lines->length = 0;
		} else if (lines->length < sizeof(lines->line) - 1) {
			lines->line[lines->length++] = text[i];
		}
	}
}

void hp_lines_read(int fd, hp_line_visitor *visit, void *context)
{
	struct hp_lines lines = { 0 };
	char buffer[4096];
	ssize_t got;

	while ((got = hp_file_read(fd, buffer, sizeof(buffer))) > 0)
		hp_lines_add(&lines, buffer, (size_t)got, visit, context);
}

/* Reads a file of the kernel's line by line. */
#ifndef HP_OS_LINES_H
#define HP_OS_LINES_H

/* Calls `visit` for each line, without its newline; what is longer than 4 KB (a path) is cut. */
void hp_lines_read(int fd, void (*visit)(const char *line, void *context), void *context);

#endif

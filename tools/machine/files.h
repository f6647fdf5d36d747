/*
 * The kernel's files under /proc and /sys, below hp_root(): read as a whole, written at once.
 * Whatever cannot be read counts as not there.
 */
#ifndef HP_TOOLS_MACHINE_FILES_H
#define HP_TOOLS_MACHINE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer ones are cut: of what is read here none comes near. */
#define HP_FILE_BYTES_MAX (16u << 20)

/* The text of the file at this path; the caller frees it. NULL with errno. */
char *hp_file_read(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same of a file that may have zeros in it; sets *out_bytes to its length. */
char *hp_file_read_bytes(size_t *out_bytes, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The number that the file begins with; false if there is none. */
bool hp_file_number(uint64_t *out_number, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether there is such a file. */
bool hp_file_exists(const char *path);

/* Writes the text in one piece, into a file that exists. Returns 0 or a negative errno. */
int hp_file_write(const char *path, const char *text);

#endif

/*
 * Names for addresses in ELF files: the function that has the address, of the symbols that the file
 * brings along; C++ names as in the source, where the C++ runtime is installed.
 */
#ifndef HP_TOOLS_COMMON_SYMBOLS_H
#define HP_TOOLS_COMMON_SYMBOLS_H

#include <stdint.h>

struct hp_symbols;

/* The functions of a file; NULL if it is none that can be read. Freed by hp_symbols_free(). */
struct hp_symbols *hp_symbols_read(const char *path);
void hp_symbols_free(struct hp_symbols *symbols);

/*
 * The name of the function at an offset in the file, or NULL; lives as long as the symbols. NULL as
 * `symbols` knows no name.
 */
const char *hp_symbols_find(struct hp_symbols *symbols, uint64_t offset);

#endif

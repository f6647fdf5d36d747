/* See symbols.h. The file may be anything: each offset in it is checked before it is followed. */
#include "common/symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct symbol {
	uint64_t start, bytes;
	const char *name;
	char *demangled; /* once it was asked for */
};

struct hp_symbols {
	const unsigned char *file;
	size_t file_bytes;
	struct symbol *functions; /* by rising start */
	size_t count;
};

/* A part of the file, if it is there, and aligned as the tables of a sound file are. */
static const void *part(const struct hp_symbols *symbols, uint64_t offset, uint64_t bytes)
{
	if (offset > symbols->file_bytes || bytes > symbols->file_bytes - offset ||
	    offset % sizeof(ElfW(Addr)))
		return NULL;
	return symbols->file + offset;
}

static const ElfW(Ehdr) * header_of(const struct hp_symbols *symbols)
{
	const ElfW(Ehdr) *header = part(symbols, 0, sizeof(*header));

	if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
		return NULL;
	return header;
}

static const char *name_at(const struct hp_symbols *symbols, const ElfW(Shdr) * texts,
			   uint64_t offset)
{
	const char *name;

	if (offset >= texts->sh_size || texts->sh_offset > symbols->file_bytes ||
	    texts->sh_size > symbols->file_bytes - texts->sh_offset)
		return NULL;
	name = (const char *)symbols->file + texts->sh_offset + offset;
	return memchr(name, '\0', texts->sh_size - offset) ? name : NULL;
}

static bool add_functions(struct hp_symbols *symbols, const ElfW(Shdr) * table,
			  const ElfW(Shdr) * texts)
{
	size_t count = table->sh_size / sizeof(ElfW(Sym));
	const ElfW(Sym) *all = part(symbols, table->sh_offset, table->sh_size);
	struct symbol *grown =
		reallocarray(symbols->functions, symbols->count + count + 1, sizeof(*grown));

	if (!grown)
		return false;
	symbols->functions = grown;
	for (size_t i = 0; all && i < count; i++) {
		const char *name;

		if ((all[i].st_info & 15) != STT_FUNC || !all[i].st_value)
			continue;
		name = name_at(symbols, texts, all[i].st_name);
		if (name)
			symbols->functions[symbols->count++] = (struct symbol){
				.start = all[i].st_value, .bytes = all[i].st_size, .name = name
			};
	}
	return true;
}

static int by_start(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

static bool read_functions(struct hp_symbols *symbols)
{
	const ElfW(Ehdr) *header = header_of(symbols);
	const ElfW(Shdr) * sections;

	if (!header)
		return false;
	sections = part(symbols, header->e_shoff, (uint64_t)header->e_shnum * sizeof(*sections));
	for (unsigned i = 0; sections && i < header->e_shnum; i++) {
		bool is_table =
			sections[i].sh_type == SHT_SYMTAB || sections[i].sh_type == SHT_DYNSYM;

		if (is_table && sections[i].sh_link < header->e_shnum &&
		    !add_functions(symbols, &sections[i], &sections[sections[i].sh_link]))
			return false;
	}
	if (symbols->count)
		qsort(symbols->functions, symbols->count, sizeof(*symbols->functions), by_start);
	return true;
}

struct hp_symbols *hp_symbols_read(const char *path)
{
	struct hp_symbols *symbols = calloc(1, sizeof(*symbols));
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	void *file = MAP_FAILED;

	if (symbols && fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size)
		file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (file == MAP_FAILED) {
		free(symbols);
		return NULL;
	}
	symbols->file = file;
	symbols->file_bytes = (size_t)status.st_size;
	if (!read_functions(symbols)) {
		hp_symbols_free(symbols);
		return NULL;
	}
	return symbols;
}

void hp_symbols_free(struct hp_symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->count; i++)
		free(symbols->functions[i].demangled);
	free(symbols->functions);
	munmap((void *)(uintptr_t)symbols->file, symbols->file_bytes);
	free(symbols);
}

/* The address that an offset in the file is loaded at, as the symbols count them. */
static bool address_of(const struct hp_symbols *symbols, uint64_t offset, uint64_t *out_address)
{
	const ElfW(Ehdr) *header = header_of(symbols);
	const ElfW(Phdr) *segments =
		part(symbols, header->e_phoff, (uint64_t)header->e_phnum * sizeof(*segments));

	for (unsigned i = 0; segments && i < header->e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD &&
		    offset - segments[i].p_offset < segments[i].p_filesz) {
			*out_address = segments[i].p_vaddr + (offset - segments[i].p_offset);
			return true;
		}
	}
	return false;
}

/* By the C++ runtime, if the machine has one: this program is not linked with it. */
static char *demangle(const char *name)
{
	static char *(*function)(const char *, char *, size_t *, int *);
	static bool was_looked_for;
	int status = -1;
	char *result;

	if (!was_looked_for) {
		void *library = dlopen("libstdc++.so.6", RTLD_LAZY);

		was_looked_for = true;
		if (library)
			*(void **)&function = dlsym(library, "__cxa_demangle");
	}
	result = function ? function(name, NULL, NULL, &status) : NULL;
	return status ? NULL : result;
}

static const char *name_of(struct symbol *symbol)
{
	if (strncmp(symbol->name, "_Z", 2))
		return symbol->name;
	if (!symbol->demangled)
		symbol->demangled = demangle(symbol->name);
	return symbol->demangled ? symbol->demangled : symbol->name;
}

const char *hp_symbols_find(struct hp_symbols *symbols, uint64_t offset)
{
	size_t low = 0, high = symbols ? symbols->count : 0;
	uint64_t address;

	if (!symbols || !address_of(symbols, offset, &address))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->functions[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Of those that start at or before the address the last that reaches it. */
	for (size_t back = 0; low > 0 && back < 8; low--, back++) {
		struct symbol *symbol = &symbols->functions[low - 1];

		if (address - symbol->start < symbol->bytes)
			return name_of(symbol);
	}
	return NULL;
}

/* See image.h. Everything read from the file is checked before it is used: it may be anybody's. */
#include <elf.h>
#include <endian.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "run/image.h"

static bool read_at(int fd, void *out, size_t bytes, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, out, bytes, (off_t)offset) == (ssize_t)bytes;
}

static bool read_loader(int fd, const ElfW(Phdr) * header, struct hp_image *image)
{
	if (header->p_filesz == 0 || header->p_filesz > sizeof(image->loader) ||
	    !read_at(fd, image->loader, header->p_filesz, header->p_offset))
		return false;
	image->loader[header->p_filesz - 1] = '\0';
	return true;
}

static bool find_loader(int fd, const ElfW(Ehdr) * file, struct hp_image *image)
{
	ElfW(Phdr) header;

	for (unsigned i = 0; i < file->e_phnum; i++) {
		if (!read_at(fd, &header, sizeof(header), file->e_phoff + i * sizeof(header)))
			return false;
		if (header.p_type == PT_INTERP)
			return read_loader(fd, &header, image);
	}
	return true;
}

bool hp_image_read(int fd, struct hp_image *out_image)
{
	const unsigned char native_class = __ELF_NATIVE_CLASS == 64 ? ELFCLASS64 : ELFCLASS32;
	const unsigned char native_order = BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
	struct hp_image image = { 0 };
	ElfW(Ehdr) file = { 0 };

	/* Up to e_machine the header is the same in both classes. */
	if (!read_at(fd, &file, offsetof(ElfW(Ehdr), e_version), 0) ||
	    memcmp(file.e_ident, ELFMAG, SELFMAG) != 0)
		return false;
	image.class = file.e_ident[EI_CLASS];
	image.byte_order = file.e_ident[EI_DATA];
	image.machine = file.e_machine;
	if (image.class == native_class && image.byte_order == native_order &&
	    (!read_at(fd, &file, sizeof(file), 0) || file.e_phentsize != sizeof(ElfW(Phdr)) ||
	     !find_loader(fd, &file, &image)))
		return false;
	*out_image = image;
	return true;
}

bool hp_image_is_same_machine(const struct hp_image *a, const struct hp_image *b)
{
	return a->class == b->class && a->byte_order == b->byte_order && a->machine == b->machine;
}

bool hp_image_interpreter(int fd, char out_path[static HP_INTERPRETER_BYTES])
{
	char line[HP_INTERPRETER_BYTES] = "";
	char *start = line + strlen("#!");

	if (pread(fd, line, sizeof(line) - 1, 0) < 0 || memcmp(line, "#!", strlen("#!")) != 0)
		return false;
	start += strspn(start, " \t");
	start[strcspn(start, " \t\n")] = '\0';
	memcpy(out_path, start, strlen(start) + 1);
	return *start;
}

/* The libFuzzer target of tools/run/image.h: what reads ELF files and the first line of scripts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

static void check_image(int fd)
{
	struct hp_image image;

	memset(&image, 0xa5, sizeof(image));
	if (!hp_image_read(fd, &image))
		return;
	check(memchr(image.loader, '\0', sizeof(image.loader)));
	check(hp_image_is_same_machine(&image, &image));
}

static void check_interpreter(int fd)
{
	char path[HP_INTERPRETER_BYTES];

	memset(path, 0xa5, sizeof(path));
	if (!hp_image_interpreter(fd, path))
		return;
	check(memchr(path, '\0', sizeof(path)));
	check(*path && !strpbrk(path, " \t\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("image", MFD_CLOEXEC);
	/* Where memory is short, there is nothing to read. */
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	check_image(fd);
	check_interpreter(fd);
	return 0;
}

/* What an executable file says about the loader, the C library and the machine it needs. */
#ifndef HP_TOOLS_IMAGE_H
#define HP_TOOLS_IMAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct hp_image {
	unsigned char class;
	unsigned char byte_order;
	uint16_t machine;
	/* Path of the dynamic loader; "" in a static program, and in one of another architecture.
	 */
	char loader[PATH_MAX];
};

/* False if the file is not ELF, or too damaged to tell. */
bool hp_image_read(int fd, struct hp_image *out_image);

bool hp_image_is_same_machine(const struct hp_image *a, const struct hp_image *b);

#endif

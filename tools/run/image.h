/* What an executable file says about the loader or interpreter, and the machine, that it needs. */
#ifndef HP_TOOLS_RUN_IMAGE_H
#define HP_TOOLS_RUN_IMAGE_H

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

/* What the kernel reads of a script's first line (BINPRM_BUF_SIZE), and a zero. */
#define HP_INTERPRETER_BYTES (256 + 1)

/* Reads the interpreter out of a first line "#!interpreter argument"; false if it is no such. */
bool hp_image_interpreter(int fd, char out_path[static HP_INTERPRETER_BYTES]);

#endif

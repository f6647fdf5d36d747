/* What the files of this layer share: results as 0 or a negative errno, and a safe replacement. */
#ifndef HP_OS_RESULT_H
#define HP_OS_RESULT_H

#include <errno.h>
#include <sys/mman.h>

/* errno as the system call left it becomes the result; before it, errno is not ours to know. */
static inline int hp_os_result(long returned)
{
	return returned < 0 ? -errno : 0;
}

static inline int hp_os_map_result(void *address, void **out_address)
{
	if (address == MAP_FAILED)
		return -errno;
	*out_address = address;
	return 0;
}

/* Maps a file, shared and writable, with all its pages there, and closes it. */
int hp_os_map_and_close(int fd, size_t bytes, void **out_address);

/*
 * Puts a fresh mapping in the place of whatever is mapped at `address`, or drops it: mapped
 * elsewhere first, for a fixed mmap that fails would leave a hole.
 */
int hp_os_put_over(void *fresh, size_t bytes, void *address);

static inline int hp_os_remap_result(void *address)
{
	return address == MAP_FAILED ? -errno : 0;
}

#endif

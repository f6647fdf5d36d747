/* Turns what a system call returns into 0 or a negative errno, and puts errno back. */
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

static inline int hp_os_remap_result(void *address)
{
	return address == MAP_FAILED ? -errno : 0;
}

#endif

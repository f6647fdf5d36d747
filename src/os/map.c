/* Address space and normal memory: see os.h. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "os/os.h"
#include "os/result.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

enum {
	NORMAL = MAP_PRIVATE | MAP_ANONYMOUS,
	READ_WRITE = PROT_READ | PROT_WRITE,
};

int hp_os_check_machine(void)
{
	return sysconf(_SC_PAGESIZE) == (long)HP_PAGE_BYTES ? 0 : -ENOTSUP;
}

/* Maps at exactly `at`. Kernels that don't know NOREPLACE take the address as a hint. */
static int map_exactly(void *at, size_t bytes, int protection, int flags, void **out_address)
{
	void *address = NULL;
	int error = hp_os_map_result(
		mmap(at, bytes, protection, flags | MAP_FIXED_NOREPLACE, -1, 0), &address);

	if (error)
		return error;
	if (address != at) {
		hp_os_release(address, bytes);
		return -EEXIST;
	}
	*out_address = address;
	return 0;
}

/* Maps more than is needed and cuts off what is not aligned. */
static int map_aligned(size_t bytes, size_t align, int protection, int flags, void **out_address)
{
	size_t slack = align > HP_PAGE_BYTES ? align - HP_PAGE_BYTES : 0;
	char *raw, *address;
	void *result = NULL;
	int error;

	error = hp_os_map_result(mmap(NULL, bytes + slack, protection, flags, -1, 0), &result);
	if (error)
		return error;
	raw = result;
	address = (char *)hp_round_up((size_t)raw, align);
	if (address > raw)
		munmap(raw, (size_t)(address - raw));
	if (raw + slack > address)
		munmap(address + bytes, (size_t)(raw + slack - address));
	*out_address = address;
	return 0;
}

static int map(void *at, size_t bytes, size_t align, int protection, int flags, void **out_address)
{
	if (at)
		return map_exactly(at, bytes, protection, flags, out_address);
	return map_aligned(bytes, align, protection, flags, out_address);
}

int hp_os_reserve(void *at, size_t bytes, size_t align, void **out_address)
{
	return map(at, bytes, align, PROT_NONE, NORMAL | MAP_NORESERVE, out_address);
}

int hp_os_map(void *at, size_t bytes, size_t align, void **out_address)
{
	return map(at, bytes, align, READ_WRITE, NORMAL, out_address);
}

int hp_os_map_shared(size_t bytes, void **out_address)
{
	void *address = mmap(NULL, bytes, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (address == MAP_FAILED)
		return -errno;
	*out_address = address;
	return 0;
}

int hp_os_release(void *address, size_t bytes)
{
	return hp_os_result(munmap(address, bytes));
}

int hp_os_commit(void *address, size_t bytes)
{
	return hp_os_result(mprotect(address, bytes, READ_WRITE));
}

int hp_os_seal(void *address, size_t bytes)
{
	return hp_os_result(mprotect(address, bytes, PROT_NONE));
}

bool hp_os_unseal(void *address, size_t bytes)
{
	return !mprotect(address, bytes, READ_WRITE);
}

int hp_os_purge(void *address, size_t bytes)
{
	return hp_os_result(madvise(address, bytes, MADV_DONTNEED));
}

int hp_os_populate(void *address, size_t bytes)
{
	return hp_os_result(madvise(address, bytes, MADV_POPULATE_WRITE));
}

int hp_os_protect(void *address, size_t bytes)
{
	return hp_os_result(mprotect(address, bytes, PROT_READ));
}

int hp_os_put_over(void *fresh, size_t bytes, void *address)
{
	int error = hp_os_move_away(fresh, bytes, address);

	if (error)
		hp_os_release(fresh, bytes);
	return error;
}

int hp_os_replace(void *address, size_t bytes)
{
	void *fresh = NULL;
	int error = hp_os_map(NULL, bytes, HP_HUGEPAGE_BYTES, &fresh);

	return error ? error : hp_os_put_over(fresh, bytes, address);
}

int hp_os_vacate(void *address, size_t bytes)
{
	void *fresh = NULL;
	int error = hp_os_reserve(NULL, bytes, HP_HUGEPAGE_BYTES, &fresh);

	return error ? error : hp_os_put_over(fresh, bytes, address);
}

int hp_os_move(void *from, size_t bytes, void *to)
{
	return hp_os_remap_result(
		mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to));
}

int hp_os_move_away(void *from, size_t bytes, void *to)
{
	return hp_os_remap_result(mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to));
}

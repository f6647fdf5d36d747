/* Huge pages of both kinds: see os.h. */
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/text.h"
#include "os/file.h"
#include "os/lines.h"
#include "os/os.h"
#include "os/result.h"
#include "os/smaps.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

static const char THP_SETTING[] = "/sys/kernel/mm/transparent_hugepage/enabled";
static const int HUGE_2M = 21 << 26; /* MAP_HUGE_2MB, log2 of the size in the flag bits */

/* A file's mapping of a slot stands at the slot's own address in the file. */
static int map_huge(int fd, const void *place, size_t bytes, int flags, void **out_address)
{
	if (fd < 0)
		return hp_os_map_result(
			mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			     flags | MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | HUGE_2M, -1, 0),
			out_address);
	return hp_os_map_result(mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_PRIVATE, fd,
				     (off_t)(uintptr_t)place),
				out_address);
}

int hp_os_huge_map(int fd, void *address, size_t bytes)
{
	void *fresh = NULL;
	int error = map_huge(fd, address, bytes, MAP_NORESERVE, &fresh);

	return error ? error : hp_os_put_over(fresh, bytes, address);
}

int hp_os_huge_reserve(int fd, size_t bytes, void **out_address)
{
	return map_huge(fd, NULL, bytes, 0, out_address);
}

/* pagemap(5): eight bytes a base page, bit 56 set where the page is mapped here alone. */
enum { PAGE_IS_OWN = 56, ENTRIES = 512 };

int hp_os_pagemap_open(int *out_pagemap)
{
	int fd = hp_file_open("/proc/self/pagemap", O_RDONLY, 0);

	if (fd < 0)
		return -errno;
	*out_pagemap = fd;
	return 0;
}

void hp_os_pagemap_close(int pagemap)
{
	hp_file_close(pagemap);
}

/* All entries of a run, some hundred at a time. */
static int count_own(int pagemap, const void *address, size_t all, size_t *pages)
{
	uint64_t entries[ENTRIES];

	for (size_t at = 0; at < all;) {
		uint64_t place = ((uintptr_t)address / HP_PAGE_BYTES + at) * sizeof(*entries);
		size_t want = (all - at < ENTRIES ? all - at : ENTRIES) * sizeof(*entries);
		ssize_t got = hp_file_read_at(pagemap, entries, want, place);

		if (got < (ssize_t)sizeof(*entries))
			return -EIO;
		for (size_t i = 0; i < (size_t)got / sizeof(*entries); i++)
			*pages += entries[i] >> PAGE_IS_OWN & 1;
		at += (size_t)got / sizeof(*entries);
	}
	return 0;
}

int hp_os_pages_own(const void *address, size_t bytes, size_t *out_pages)
{
	size_t pages = 0;
	int pagemap = -1, error = hp_os_pagemap_open(&pagemap);

	if (error)
		return error;
	error = count_own(pagemap, address, bytes / HP_PAGE_BYTES, &pages);
	hp_os_pagemap_close(pagemap);
	if (!error)
		*out_pages = pages;
	return error;
}

int hp_os_huge_shared(int pagemap, const void *address, size_t bytes, size_t *out_pages)
{
	size_t pages = 0;

	for (size_t at = 0; at < bytes; at += HP_HUGEPAGE_BYTES) {
		uint64_t entry, page = ((uintptr_t)address + at) / HP_PAGE_BYTES;

		if (hp_file_read_at(pagemap, &entry, sizeof(entry), page * sizeof(entry)) !=
		    (ssize_t)sizeof(entry))
			return -EIO;
		pages += !(entry >> PAGE_IS_OWN & 1);
	}
	*out_pages = pages;
	return 0;
}

static bool read_pool(const char *path, uint64_t *out_pages)
{
	char text[24] = "";
	ssize_t length = -1;
	int fd = hp_file_open(path, O_RDONLY, 0);

	if (fd >= 0) {
		length = hp_file_read(fd, text, sizeof(text) - 1);
		hp_file_close(fd);
	}
	*out_pages = hp_text_leading_number(text, 10);
	return length > 0;
}

int hp_os_huge_free(uint64_t *out_pages)
{
	uint64_t free_pages, promised_pages;

	if (!read_pool(POOL "free_hugepages", &free_pages) ||
	    !read_pool(POOL "resv_hugepages", &promised_pages))
		return -ENOENT;
	*out_pages = free_pages > promised_pages ? free_pages - promised_pages : 0;
	return 0;
}

int hp_os_hugetlbfs_open(const char *directory, int *out_fd)
{
	char path[4096 + 32];
	struct statfs mount;
	int fd, error;

	/* Nobody asked for a file anywhere else; larger pages can't be cut into slots. */
	error = hp_os_result(statfs(directory, &mount));
	if (!error &&
	    (mount.f_type != HUGETLBFS_MAGIC || (size_t)mount.f_bsize != HP_HUGEPAGE_BYTES))
		error = -EINVAL;
	if (error)
		return error;
	hp_text_format(path, sizeof(path), "%s/.hpalloc-%u", directory, (unsigned)getpid());
	fd = hp_file_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	unlink(path);
	error = hp_os_result(ftruncate(fd, (off_t)1 << 47));
	if (error) {
		hp_file_close(fd);
		return error;
	}
	*out_fd = fd;
	return 0;
}

int hp_os_thp_advise(void *address, size_t bytes)
{
	return hp_os_result(madvise(address, bytes, MADV_HUGEPAGE));
}

int hp_os_thp_forbid(void *address, size_t bytes)
{
	return hp_os_result(madvise(address, bytes, MADV_NOHUGEPAGE));
}

int hp_os_thp_collapse(void *address, size_t bytes)
{
	return hp_os_result(madvise(address, bytes, MADV_COLLAPSE));
}

int hp_os_thp_check(void)
{
	char setting[64] = "";
	ssize_t length;
	int fd;

	if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) > 0)
		return -ENOTSUP;
	fd = hp_file_open(THP_SETTING, O_RDONLY, 0);
	if (fd < 0)
		return errno == ENOENT ? -ENOTSUP : 0;
	length = hp_file_read(fd, setting, sizeof(setting) - 1);
	hp_file_close(fd);
	return length > 0 && strstr(setting, "[never]") ? -ENOTSUP : 0;
}

int hp_os_fork_omit(void *address, size_t bytes)
{
	return hp_os_result(madvise(address, bytes, MADV_DONTFORK));
}

int hp_os_fork_keep(void *address, size_t bytes)
{
	return hp_os_result(madvise(address, bytes, MADV_DOFORK));
}

int hp_os_fork_wipe(void *address, size_t bytes)
{
	return hp_os_result(madvise(address, bytes, MADV_WIPEONFORK));
}

int hp_os_resident(const void *address, size_t bytes, struct hp_os_resident *out_resident)
{
	struct hp_smaps smaps = { .first = (uintptr_t)address, .end = (uintptr_t)address + bytes };
	int fd = hp_file_open("/proc/self/smaps", O_RDONLY, 0);

	if (fd < 0)
		return -errno;
	hp_lines_read(fd, hp_smaps_add_line, &smaps);
	hp_file_close(fd);
	*out_resident = smaps.sums;
	return 0;
}

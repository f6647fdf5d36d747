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
#include "os/os.h"
#include "os/result.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

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

int hp_os_huge_probe(int fd)
{
	void *page = NULL;
	int error = map_huge(fd, NULL, HP_HUGEPAGE_BYTES, 0, &page);

	return error ? error : hp_os_release(page, HP_HUGEPAGE_BYTES);
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
int hp_os_huge_shared(const void *address, size_t bytes, size_t *out_pages)
{
	int fd = hp_file_open("/proc/self/pagemap", O_RDONLY, 0);
	size_t pages = 0;

	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < bytes; at += HP_HUGEPAGE_BYTES) {
		uint64_t entry, page = ((uintptr_t)address + at) / HP_PAGE_BYTES;

		if (hp_file_read_at(fd, &entry, sizeof(entry), page * sizeof(entry)) !=
		    (ssize_t)sizeof(entry)) {
			hp_file_close(fd);
			return -EIO;
		}
		pages += !(entry >> 56 & 1);
	}
	hp_file_close(fd);
	*out_pages = pages;
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

/* What one pass over smaps has seen: whether the mapping at hand counts, and the sums. */
struct smaps_sum {
	uintptr_t first, end;
	bool inside;
	uint64_t resident_bytes, huge_bytes;
};

static void add_smaps_line(struct smaps_sum *sum, const char *line)
{
	const char *dash = strchr(line, '-'), *colon = strchr(line, ':');
	uint64_t bytes;

	if (dash && (!colon || dash < colon)) {
		uintptr_t start = hp_text_leading_number(line, 16);

		sum->inside = start >= sum->first && start < sum->end;
		return;
	}
	if (!sum->inside || !colon)
		return;
	bytes = hp_text_leading_number(colon + 1 + strspn(colon + 1, " "), 10) * 1024;
	if (!strncmp(line, "Rss:", 4))
		sum->resident_bytes += bytes;
	else if (!strncmp(line, "AnonHugePages:", 14))
		sum->huge_bytes += bytes;
}

/* Reads line by line through one buffer; a line longer than it (a path) is cut. */
static void sum_smaps(int fd, struct smaps_sum *sum)
{
	char buffer[4096];
	size_t have = 0;
	ssize_t got;

	while ((got = hp_file_read(fd, buffer + have, sizeof(buffer) - 1 - have)) > 0) {
		char *line = buffer, *end;

		have += (size_t)got;
		buffer[have] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			add_smaps_line(sum, line);
		}
		have = strlen(line);
		memmove(buffer, line, have);
		if (have == sizeof(buffer) - 1)
			have = 0;
	}
}

int hp_os_thp_resident(const void *address, size_t bytes, uint64_t *out_resident_bytes,
		       uint64_t *out_huge_bytes)
{
	struct smaps_sum sum = { .first = (uintptr_t)address, .end = (uintptr_t)address + bytes };
	int fd = hp_file_open("/proc/self/smaps", O_RDONLY, 0);

	if (fd < 0)
		return -errno;
	sum_smaps(fd, &sum);
	hp_file_close(fd);
	*out_resident_bytes = sum.resident_bytes;
	*out_huge_bytes = sum.huge_bytes;
	return 0;
}

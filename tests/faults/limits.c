/* Limits that a process meets, or sets on itself: see faults.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "faults.h"
#include "heap.h"

#define ADDRESS_SPACE ((size_t)1 << 47)
#define PAGE ((size_t)4096)
#define PIECES ((size_t)140000) /* twice what a process may have */

enum { NOBODY = 65534, FILLED_MAX = 4096 };

static size_t virtual_mib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	size_t pages = 0;

	if (!file || fscanf(file, "%zu", &pages) != 1)
		say("no /proc");
	if (file)
		fclose(file);
	return pages * PAGE / MIB;
}

static void limit(__rlimit_resource_t resource, size_t mib)
{
	struct rlimit limits;

	getrlimit(resource, &limits);
	limits.rlim_cur = mib ? mib * (rlim_t)MIB : limits.rlim_max;
	if (setrlimit(resource, &limits) != 0)
		say("no limit could be set");
}

/* Until nothing is left, and again when there is. */
static void exhaust(void (*lift)(void))
{
	enum { MOST_MIB = 4096 };

	heap_write(1);
	errno = 0;
	if (heap_take(MOST_MIB))
		say("never refused");
	else if (errno != ENOMEM)
		say("NULL without ENOMEM");
	heap_works();
	if (!heap_is_whole())
		say("wrong bytes");
	lift();
	heap_give();
	if (!heap_works())
		say("NULL still when there is room");
}

static void lift_address_space(void)
{
	limit(RLIMIT_AS, 0);
}

void address_space_is_limited(void)
{
	heap_works();
	limit(RLIMIT_AS, virtual_mib() + 64);
	exhaust(lift_address_space);
}

static void lift_data(void)
{
	limit(RLIMIT_DATA, 0);
}

void data_is_limited(void)
{
	heap_works();
	limit(RLIMIT_DATA, 128);
	exhaust(lift_data);
}

/* Had from the start: peers.py sets it. */
void address_space_is_small(void)
{
	if (!heap_works())
		say("NULL");
}

/* Mappings that take all the address space there is. */
static struct {
	char *at;
	size_t bytes;
} filled[FILLED_MAX];
static size_t filled_count;

static bool fill(size_t bytes)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char *at =
		filled_count < FILLED_MAX ? mmap(NULL, bytes, PROT_NONE, flags, -1, 0) : MAP_FAILED;

	if (at == MAP_FAILED)
		return false;
	filled[filled_count].at = at;
	filled[filled_count++].bytes = bytes;
	return true;
}

static void empty_address_space(void)
{
	while (filled_count--)
		munmap(filled[filled_count].at, filled[filled_count].bytes);
}

void address_space_is_full(void)
{
	heap_works();
	for (size_t bytes = ADDRESS_SPACE; bytes >= PAGE; bytes /= 2)
		while (fill(bytes))
			;
	exhaust(empty_address_space);
}

/* Neighbours that differ cannot be one mapping. */
void no_mapping_is_left(void)
{
	char *pieces = mmap(NULL, PIECES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	heap_write(1);
	heap_take(64);
	heap_works();
	for (size_t i = 0; i < PIECES; i += 2)
		if (mprotect(pieces + i * PAGE, PAGE, PROT_READ) != 0)
			break;
	if (!heap_take(64))
		say("NULL");
	heap_works();
	if (!heap_is_whole())
		say("wrong bytes");
	heap_give();
	munmap(pieces, PIECES * PAGE);
	if (!heap_works())
		say("NULL still when there is room");
}

void all_is_locked(void)
{
	struct rlimit limits = { 8 * MIB, 8 * MIB };
	void *block = malloc(100);

	if (setrlimit(RLIMIT_MEMLOCK, &limits) ||
	    (geteuid() == 0 && (setgid(NOBODY) || setuid(NOBODY))))
		say("no limit could be set");
	if (mlockall(MCL_CURRENT) != 0)
		say("mlockall is refused");
	for (int i = 0; i < 100; i++)
		if (!malloc(10000)) {
			say("NULL");
			break;
		}
	free(block);
}

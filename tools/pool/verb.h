/* What the verb `pool` does, a function for each of its tasks; each returns the exit status. */
#ifndef HP_TOOLS_POOL_VERB_H
#define HP_TOOLS_POOL_VERB_H

#include <stdbool.h>
#include <stdint.h>

enum hp_pool_exit {
	HP_POOL_DONE,
	HP_POOL_IN_PART, /* not as many pages as were asked for */
	HP_POOL_REFUSED, /* the kernel or the file system said no */
};

/* Prints the pools, the mounts and who uses them, as text or as JSON. */
int hp_pool_list(bool is_json);

struct hp_mount_request {
	const char *directory;
	uint64_t page_bytes;
	uint64_t max_bytes; /* 0: as much as the pool has */
	const char *user;   /* whose it is; NULL: everybody's */
};

int hp_pool_mount(const struct hp_mount_request *request);

/*
 * Has the pool of the default size be of so many pages at each start of the machine. Returns 0 or
 * says why not and returns HP_POOL_REFUSED.
 */
int hp_pool_persist(uint64_t pages);

#endif

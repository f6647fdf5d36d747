/* See pools.h: the reading. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/amounts.h"
#include "machine/files.h"
#include "machine/proc.h"
#include "machine/root.h"
#include "pool/pools.h"

#define HUGEPAGES "/sys/kernel/mm/hugepages"
#define NODES "/sys/devices/system/node"

static bool read_pool(struct hp_pool *pool, const char *directory, const char *name)
{
	return hp_file_number(&pool->total, "%s/%s/nr_hugepages", directory, name) &&
	       hp_file_number(&pool->free, "%s/%s/free_hugepages", directory, name) &&
	       hp_file_number(&pool->surplus, "%s/%s/surplus_hugepages", directory, name) &&
	       (pool->node != HP_ALL_NODES ||
		(hp_file_number(&pool->reserved, "%s/%s/resv_hugepages", directory, name) &&
		 hp_file_number(&pool->overcommit, "%s/%s/nr_overcommit_hugepages", directory,
				name)));
}

static int add(struct hp_pools *pools, const struct hp_pool *pool)
{
	struct hp_pool *at = reallocarray(pools->at, pools->count + 1, sizeof(*at));

	if (!at)
		return -ENOMEM;
	pools->at = at;
	at[pools->count++] = *pool;
	return 0;
}

static DIR *open_directory(const char *path)
{
	char *whole = NULL;
	DIR *directory;

	if (asprintf(&whole, "%s%s", hp_root(), path) < 0)
		return NULL;
	directory = opendir(whole);
	free(whole);
	return directory;
}

/* The pools of all sizes below `path`. One that cannot be read is left out. */
static int add_sizes(struct hp_pools *pools, const char *path, int node)
{
	DIR *directory = open_directory(path);
	struct dirent *entry;
	int error = 0;

	while (!error && directory && (entry = readdir(directory))) {
		struct hp_pool pool = { .node = node };
		uint64_t kilobytes;
		char end[3];

		if (sscanf(entry->d_name, "hugepages-%20" SCNu64 "%2s", &kilobytes, end) != 2 ||
		    strcmp(end, "kB") != 0 || kilobytes == 0 || kilobytes > UINT64_MAX / HP_KB)
			continue;
		pool.page_bytes = kilobytes * HP_KB;
		if (read_pool(&pool, path, entry->d_name))
			error = add(pools, &pool);
	}
	if (directory)
		closedir(directory);
	return error;
}

static int add_nodes(struct hp_pools *pools)
{
	DIR *directory = open_directory(NODES);
	struct dirent *entry;
	int error = 0;

	while (!error && directory && (entry = readdir(directory))) {
		char path[sizeof(NODES) + NAME_MAX + sizeof("/hugepages")];
		int node, length = 0;

		if (sscanf(entry->d_name, "node%9d%n", &node, &length) != 1 ||
		    entry->d_name[length])
			continue;
		snprintf(path, sizeof(path), NODES "/%s/hugepages", entry->d_name);
		error = add_sizes(pools, path, node);
	}
	if (directory)
		closedir(directory);
	return error;
}

static int compare(const void *a, const void *b)
{
	const struct hp_pool *left = a, *right = b;

	if (left->page_bytes != right->page_bytes)
		return left->page_bytes < right->page_bytes ? -1 : 1;
	return (left->node > right->node) - (left->node < right->node);
}

int hp_pools_read(struct hp_pools *out_pools)
{
	struct hp_pools pools = { 0 };
	char *text = hp_file_read("/proc/meminfo");
	int error = add_sizes(&pools, HUGEPAGES, HP_ALL_NODES);

	if (!error)
		error = add_nodes(&pools);
	if (!text || !hp_proc_field(text, "Hugepagesize", &pools.default_bytes))
		pools.default_bytes = 0;
	free(text);
	if (error) {
		hp_pools_done(&pools);
		return error;
	}
	if (pools.count)
		qsort(pools.at, pools.count, sizeof(*pools.at), compare);
	*out_pools = pools;
	return 0;
}

void hp_pools_done(struct hp_pools *pools)
{
	free(pools->at);
	*pools = (struct hp_pools){ 0 };
}

const struct hp_pool *hp_pools_find(const struct hp_pools *pools, uint64_t page_bytes, int node)
{
	for (size_t i = 0; i < pools->count; i++) {
		if (pools->at[i].page_bytes == page_bytes && pools->at[i].node == node)
			return &pools->at[i];
	}
	return NULL;
}

uint64_t hp_pool_available(const struct hp_pool *pool)
{
	return pool->free > pool->reserved ? pool->free - pool->reserved : 0;
}

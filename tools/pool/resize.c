/* See pools.h: the change of a pool. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/amounts.h"
#include "common/say.h"
#include "machine/files.h"
#include "machine/proc.h"
#include "pool/pools.h"

/* Compactions in a row, each as long as the last one brought pages. */
#define ROUNDS 4

/* The share of the available memory that is left to everything else. */
#define KEPT_SHARE 16

#define DIRECTORY_BYTES 100

static void name_directory(char out[static DIRECTORY_BYTES], const struct hp_pool_change *change)
{
	uint64_t kilobytes = change->page_bytes / HP_KB;

	if (change->node == HP_ALL_NODES)
		snprintf(out, DIRECTORY_BYTES, "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB",
			 kilobytes);
	else
		snprintf(out, DIRECTORY_BYTES,
			 "/sys/devices/system/node/node%d/hugepages/hugepages-%" PRIu64 "kB",
			 change->node, kilobytes);
}

/* The pages that stay; surplus ones apart. */
static int count_pages(const struct hp_pool_change *change, uint64_t *out_pages,
		       uint64_t *out_surplus)
{
	char directory[DIRECTORY_BYTES];
	uint64_t total, surplus;

	name_directory(directory, change);
	if (!hp_file_number(&total, "%s/nr_hugepages", directory) ||
	    !hp_file_number(&surplus, "%s/surplus_hugepages", directory))
		return -ENOENT;
	*out_pages = total > surplus ? total - surplus : 0;
	*out_surplus = surplus;
	return 0;
}

/* Only root may; where it fails, the pool grows less, and says so. */
static void compact_memory(const struct hp_pool_change *change)
{
	char file[DIRECTORY_BYTES] = "/proc/sys/vm/compact_memory";

	if (change->node != HP_ALL_NODES)
		snprintf(file, sizeof(file), "/sys/devices/system/node/node%d/compact",
			 change->node);
	hp_file_write(file, "1");
}

static int write_pages(const struct hp_pool_change *change, uint64_t pages)
{
	char text[HP_AMOUNT_BYTES];

	snprintf(text, sizeof(text), "%" PRIu64, pages);
	return hp_file_write(change->file, text);
}

/* How many pages of this size the available memory has, less what is to be left of it. */
static uint64_t pages_available(const struct hp_pool_change *change)
{
	char *text = hp_file_read("/proc/meminfo");
	uint64_t bytes = UINT64_MAX;

	if (text && hp_proc_field(text, "MemAvailable", &bytes))
		bytes -= bytes / KEPT_SHARE;
	free(text);
	return bytes / change->page_bytes;
}

static int grow(struct hp_pool_change *change)
{
	uint64_t available = pages_available(change), goal = change->target;
	uint64_t last = change->before;
	int error = 0;

	if (available < change->target - change->before)
		goal = change->before + available;
	for (unsigned i = 0; i < ROUNDS && !error && change->after < goal; i++) {
		compact_memory(change);
		error = write_pages(change, goal);
		if (!error)
			error = count_pages(change, &change->after, &change->surplus);
		if (change->after <= last && i > 0)
			break;
		last = change->after;
	}
	if (change->after < change->target)
		change->bound = change->after >= goal ? HP_POOL_NO_MEMORY : HP_POOL_FRAGMENTED;
	return error;
}

int hp_pool_resize(struct hp_pool_change *change)
{
	char directory[DIRECTORY_BYTES];
	int error = count_pages(change, &change->before, &change->surplus);

	name_directory(directory, change);
	snprintf(change->file, sizeof(change->file), "%s/nr_hugepages", directory);
	change->after = change->before;
	change->bound = HP_POOL_REACHED;
	if (error || (change->target == change->before && !change->surplus))
		return error;
	if (change->target > change->before)
		return grow(change);
	error = write_pages(change, change->target);
	if (!error)
		error = count_pages(change, &change->after, &change->surplus);
	if (!error && (change->surplus || change->after > change->target))
		change->bound = HP_POOL_IN_USE;
	return error;
}

/* ---- what is said of it ---- */

/* " on node 1" */
static void print_place(FILE *out, const struct hp_pool_change *change)
{
	if (change->node != HP_ALL_NODES)
		fprintf(out, " on node %d", change->node);
}

static void print_bound(FILE *out, const struct hp_pool_change *change)
{
	char size[HP_AMOUNT_BYTES];

	hp_amount_exact(size, change->page_bytes);
	switch (change->bound) {
	case HP_POOL_REACHED:
		break;
	case HP_POOL_NO_MEMORY:
		fprintf(out, ": not %" PRIu64 ", for no more memory is available (see free -m)",
			change->target);
		break;
	case HP_POOL_FRAGMENTED:
		fprintf(out,
			": not %" PRIu64 ", for the rest of the memory is not in pieces of %s; "
			"on the kernel's command line 'hugepagesz=%s hugepages=%" PRIu64
			"' gets them at boot",
			change->target, size, size, change->target);
		break;
	case HP_POOL_IN_USE:
		if (change->after > change->target)
			fprintf(out, ": not %" PRIu64 ", for these are in use", change->target);
		if (change->surplus)
			fprintf(out, "; %" PRIu64 " more are in use, and leave when they are free",
				change->surplus);
		break;
	}
}

void hp_pool_say_change(const struct hp_pool_change *change)
{
	char size[HP_AMOUNT_BYTES], *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return;
	hp_amount_exact(size, change->page_bytes);
	fprintf(out, "the pool of %s pages", size);
	print_place(out, change);
	fprintf(out, " has %" PRIu64 " (", change->after);
	hp_amount_print(out, change->after * change->page_bytes);
	if (change->after == change->before)
		fputs("), as before", out);
	else
		fprintf(out, "), %" PRIu64 " before", change->before);
	print_bound(out, change);
	fclose(out);
	hp_say("%s", text);
	free(text);
}

void hp_pool_say_error(const struct hp_pool_change *change, int error)
{
	char size[HP_AMOUNT_BYTES];

	hp_amount_exact(size, change->page_bytes);
	if (error == -EACCES || error == -EPERM)
		hp_say("only root changes the pool: echo %" PRIu64 " > %s", change->target,
		       change->file);
	else if (error == -EROFS)
		hp_say("the pool cannot be changed in here; on the host: echo %" PRIu64 " > %s",
		       change->target, change->file);
	else if (error == -ENOENT)
		hp_say("there is no pool of %s pages%s: 'hpalloc pool' lists them", size,
		       change->node == HP_ALL_NODES ? "" : " on this node");
	else
		hp_say("%s: %s", change->file, strerror(-error));
}

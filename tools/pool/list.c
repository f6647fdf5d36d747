/* See pool_verb.h: the list. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/amounts.h"
#include "common/json.h"
#include "common/say.h"
#include "machine/files.h"
#include "machine/proc.h"
#include "pool/pools.h"
#include "pool/users.h"
#include "pool/verb.h"
#include "run/program.h"

/* Memory of all pools that some process or file has. */
static uint64_t bytes_in_use(const struct hp_pools *pools)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < pools->count; i++) {
		const struct hp_pool *pool = &pools->at[i];

		if (pool->node == HP_ALL_NODES && pool->total > pool->free)
			bytes += (pool->total - pool->free) * pool->page_bytes;
	}
	return bytes;
}

/* What no process is seen to have: shared pages count once for each, so it may be more. */
static uint64_t bytes_unseen(const struct hp_pools *pools, const struct hp_users *users)
{
	uint64_t bytes = bytes_in_use(pools);

	return bytes > users->bytes ? bytes - users->bytes : 0;
}

static const char *user_name(unsigned uid, char buffer[static HP_AMOUNT_BYTES])
{
	const struct passwd *entry = getpwuid(uid);

	if (entry)
		return entry->pw_name;
	snprintf(buffer, HP_AMOUNT_BYTES, "%u", uid);
	return buffer;
}

/* ---- as text ---- */

static void print_pools(const struct hp_pools *pools)
{
	printf("%-5s %5s %8s %8s %8s %8s %10s  %s\n", "PAGES", "NODE", "TOTAL", "FREE", "RESERVED",
	       "SURPLUS", "OVERCOMMIT", "MEMORY");
	for (size_t i = 0; i < pools->count; i++) {
		const struct hp_pool *pool = &pools->at[i];
		char size[HP_AMOUNT_BYTES];

		hp_amount_exact(size, pool->page_bytes);
		printf("%-5s ", size);
		if (pool->node == HP_ALL_NODES)
			printf("%5s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10" PRIu64,
			       "all", pool->total, pool->free, pool->reserved, pool->surplus,
			       pool->overcommit);
		else
			printf("%5d %8" PRIu64 " %8" PRIu64 " %8s %8" PRIu64 " %10s", pool->node,
			       pool->total, pool->free, "-", pool->surplus, "-");
		fputs("  ", stdout);
		hp_amount_print(stdout, pool->total * pool->page_bytes);
		putchar('\n');
	}
}

static void print_mounts(void)
{
	char *text = hp_file_read("/proc/self/mountinfo"), *at = text;
	struct hp_mount mount;

	while (text && hp_proc_mount(&at, &mount)) {
		if (strcmp(mount.type, "hugetlbfs") != 0)
			continue;
		hp_make_harmless(mount.directory, strlen(mount.directory));
		printf("hugetlbfs at %s (%s)\n", mount.directory, mount.options);
	}
	free(text);
}

static void print_share(bool is_known, uint64_t bytes)
{
	if (is_known)
		printf(" %9" PRIu64 "M", bytes / HP_MB);
	else
		printf(" %10s", "?");
}

static void print_users(const struct hp_users *users)
{
	bool is_split = true;

	if (!users->count)
		return;
	printf("\n%10s %10s %10s %10s %-12s %s\n", "PID", "MEMORY", "PRIVATE", "SHARED", "USER",
	       "COMMAND");
	for (size_t i = 0; i < users->count; i++) {
		const struct hp_user *user = &users->at[i];
		char number[HP_AMOUNT_BYTES];

		printf("%10u", user->pid);
		print_share(true, user->bytes);
		print_share(user->is_split, user->private_bytes);
		print_share(user->is_split, user->shared_bytes);
		printf(" %-12s %s\n", user_name(user->uid, number), user->name);
		is_split &= user->is_split;
	}
	if (!is_split)
		puts("? the kernel tells of it only the same user, or root");
}

static void print_unseen(const struct hp_pools *pools, const struct hp_users *users)
{
	uint64_t bytes = bytes_unseen(pools, users);

	if (bytes) {
		putchar('\n');
		hp_amount_print(stdout, bytes);
		puts(" more are in use, but mapped by no process that is seen from here: files in "
		     "a hugetlbfs,\nshared memory (ipcs -m), processes of other containers");
	}
	if (users->unread)
		printf("\n%zu processes may not be read: as root they may\n", users->unread);
}

static void print_text(const struct hp_pools *pools, const struct hp_users *users)
{
	if (!pools->count)
		puts("this kernel has no pool of huge pages (CONFIG_HUGETLBFS), or does not show "
		     "it here");
	else
		print_pools(pools);
	print_mounts();
	print_users(users);
	print_unseen(pools, users);
}

/* ---- as JSON ---- */

static void write_pool(struct hp_json *json, const struct hp_pool *pool)
{
	hp_json_begin(json, NULL, '{');
	hp_json_number(json, "page_bytes", pool->page_bytes);
	if (pool->node == HP_ALL_NODES)
		hp_json_text(json, "node", NULL);
	else
		hp_json_number(json, "node", (uint64_t)pool->node);
	hp_json_number(json, "total", pool->total);
	hp_json_number(json, "free", pool->free);
	hp_json_number(json, "surplus", pool->surplus);
	if (pool->node == HP_ALL_NODES) {
		hp_json_number(json, "reserved", pool->reserved);
		hp_json_number(json, "overcommit", pool->overcommit);
	}
	hp_json_end(json, '}');
}

static void write_user(struct hp_json *json, const struct hp_user *user)
{
	hp_json_begin(json, NULL, '{');
	hp_json_number(json, "pid", user->pid);
	hp_json_number(json, "uid", user->uid);
	hp_json_text(json, "command", user->name);
	hp_json_number(json, "bytes", user->bytes);
	if (user->is_split) {
		hp_json_number(json, "private_bytes", user->private_bytes);
		hp_json_number(json, "shared_bytes", user->shared_bytes);
	}
	hp_json_end(json, '}');
}

static void write_json(const struct hp_pools *pools, const struct hp_users *users)
{
	struct hp_json json = { .out = stdout };

	hp_json_begin(&json, NULL, '{');
	hp_json_begin(&json, "pools", '[');
	for (size_t i = 0; i < pools->count; i++)
		write_pool(&json, &pools->at[i]);
	hp_json_end(&json, ']');
	hp_json_begin(&json, "processes", '[');
	for (size_t i = 0; i < users->count; i++)
		write_user(&json, &users->at[i]);
	hp_json_end(&json, ']');
	hp_json_number(&json, "unseen_bytes", bytes_unseen(pools, users));
	hp_json_number(&json, "unread_processes", users->unread);
	hp_json_end(&json, '}');
}

int hp_pool_list(bool is_json)
{
	struct hp_pools pools = { 0 };
	struct hp_users users = { 0 };
	int error = hp_pools_read(&pools);

	if (!error)
		error = hp_users_read(&users);
	if (error)
		hp_say("%s", strerror(-error));
	else if (is_json)
		write_json(&pools, &users);
	else
		print_text(&pools, &users);
	hp_users_done(&users);
	hp_pools_done(&pools);
	return error || fflush(stdout) ? HP_EXIT_FAILED : HP_POOL_DONE;
}

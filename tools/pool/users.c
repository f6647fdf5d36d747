/*
 * See users.h. /proc/PID/status, which everybody may read, says who has huge pages at all; only of
 * these smaps_rollup is asked for, which walks the page tables and needs the right to trace.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/say.h"
#include "machine/files.h"
#include "machine/proc.h"
#include "machine/root.h"
#include "pool/users.h"

static int add(struct hp_users *users, const struct hp_user *user)
{
	struct hp_user *at = reallocarray(users->at, users->count + 1, sizeof(*at));

	if (!at)
		return -ENOMEM;
	users->at = at;
	at[users->count++] = *user;
	users->bytes += user->bytes;
	return 0;
}

static void read_name(struct hp_user *user)
{
	char *name = hp_file_read("/proc/%u/comm", user->pid);

	snprintf(user->name, sizeof(user->name), "%s", name ? name : "?");
	user->name[strcspn(user->name, "\n")] = '\0';
	hp_make_harmless(user->name, strlen(user->name));
	free(name);
}

/* Pages that are reserved and not touched are in neither file. */
static void read_split(struct hp_user *user)
{
	char *text = hp_file_read("/proc/%u/smaps_rollup", user->pid);

	user->is_split = text && hp_proc_field(text, "Private_Hugetlb", &user->private_bytes) &&
			 hp_proc_field(text, "Shared_Hugetlb", &user->shared_bytes);
	free(text);
}

static int add_process(struct hp_users *users, unsigned pid)
{
	struct hp_user user = { .pid = pid };
	char *status = hp_file_read("/proc/%u/status", pid);
	uint64_t uid = 0;

	if (!status) {
		users->unread += errno != ENOENT && errno != ESRCH;
		return 0;
	}
	if (!hp_proc_field(status, "HugetlbPages", &user.bytes))
		user.bytes = 0; /* a thread of the kernel, or it is ending */
	hp_proc_field(status, "Uid", &uid);
	free(status);
	if (!user.bytes)
		return 0;
	user.uid = (unsigned)uid;
	read_name(&user);
	read_split(&user);
	return add(users, &user);
}

static int compare(const void *a, const void *b)
{
	const struct hp_user *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes > right->bytes ? -1 : 1;
	return left->pid < right->pid ? -1 : left->pid > right->pid;
}

int hp_users_read(struct hp_users *out_users)
{
	struct hp_users users = { 0 };
	struct dirent *entry;
	char *path = NULL;
	DIR *directory;
	int error = 0;

	if (asprintf(&path, "%s/proc", hp_root()) < 0)
		return -ENOMEM;
	directory = opendir(path);
	free(path);
	if (!directory)
		return -errno;
	while (!error && (entry = readdir(directory))) {
		if (isdigit((unsigned char)*entry->d_name))
			error = add_process(&users, (unsigned)strtoul(entry->d_name, NULL, 10));
	}
	closedir(directory);
	if (error) {
		hp_users_done(&users);
		return error;
	}
	if (users.count)
		qsort(users.at, users.count, sizeof(*users.at), compare);
	*out_users = users;
	return 0;
}

void hp_users_done(struct hp_users *users)
{
	free(users->at);
	*users = (struct hp_users){ 0 };
}

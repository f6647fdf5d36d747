/* See pool_verb.h: the mount of a hugetlbfs. */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "common/amounts.h"
#include "common/say.h"
#include "pool/pools.h"
#include "pool/verb.h"
#include "run/program.h"

#define OPTIONS_BYTES 200

/* Everybody may make files, and remove his own; or one user alone. */
static int make_options(const struct hp_mount_request *request, char out[static OPTIONS_BYTES])
{
	const struct passwd *user = NULL;
	char size[HP_AMOUNT_BYTES];
	int length;

	if (request->user) {
		user = getpwnam(request->user);
		if (!user) {
			hp_say("--user '%s': there is no such user", request->user);
			return HP_EXIT_FAILED;
		}
	}
	hp_amount_exact(size, request->page_bytes);
	length = snprintf(out, OPTIONS_BYTES, "pagesize=%s", size);
	if (user)
		length += snprintf(out + length, OPTIONS_BYTES - (size_t)length,
				   ",mode=0700,uid=%u,gid=%u", user->pw_uid, user->pw_gid);
	else
		length += snprintf(out + length, OPTIONS_BYTES - (size_t)length, ",mode=1777");
	if (request->max_bytes)
		snprintf(out + length, OPTIONS_BYTES - (size_t)length, ",size=%" PRIu64,
			 request->max_bytes);
	return 0;
}

/* What would be mounted over. */
static int check_directory(const char *path)
{
	struct stat own, parent;
	char *above = NULL;
	int error = 0;

	if (asprintf(&above, "%s/..", path) < 0)
		return -ENOMEM;
	if (stat(path, &own) || stat(above, &parent))
		error = -errno;
	else if (!S_ISDIR(own.st_mode))
		error = -ENOTDIR;
	else if (own.st_dev != parent.st_dev)
		error = -EBUSY;
	free(above);
	return error;
}

static int say_error(const struct hp_mount_request *request, const char *options, int error)
{
	if (error == -EPERM || error == -EACCES)
		hp_say("only root mounts: mount -t hugetlbfs -o nosuid,nodev,%s none %s", options,
		       request->directory);
	else if (error == -EBUSY)
		hp_say("%s: something is mounted there already", request->directory);
	else if (error == -EINVAL)
		hp_say("%s: this kernel has no pages of that size, or --size is less than one",
		       request->directory);
	else
		hp_say("%s: %s", request->directory, strerror(-error));
	return HP_POOL_REFUSED;
}

int hp_pool_mount(const struct hp_mount_request *request)
{
	char options[OPTIONS_BYTES];
	int status = make_options(request, options);
	int error = status ? 0 : check_directory(request->directory);

	if (status)
		return status;
	if (!error && mount("none", request->directory, "hugetlbfs", MS_NOSUID | MS_NODEV, options))
		error = -errno;
	if (error)
		return say_error(request, options, error);
	hp_say("hugetlbfs mounted at %s (%s): HPALLOC_HUGETLBFS=%s takes huge pages from it; "
	       "umount %s ends it",
	       request->directory, options, request->directory, request->directory);
	return HP_POOL_DONE;
}

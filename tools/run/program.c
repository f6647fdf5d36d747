/* See program.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/say.h"
#include "run/image.h"
#include "run/program.h"

/* The kernel's own limit (exec_binprm). */
#define SCRIPT_DEPTH_MAX 5

int hp_exit_of_errno(int error)
{
	return error == ENOENT || error == ENOTDIR ? HP_EXIT_NOT_FOUND : HP_EXIT_CANNOT_RUN;
}

/* ---- finding ---- */

/* 0 if `path` is a file that may be executed, or an errno. */
static int check_executable(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return errno;
	if (S_ISDIR(status.st_mode))
		return EISDIR;
	if (!S_ISREG(status.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? errno : 0;
}

/* The file `name` in the directory that `list` starts with; an empty one is the current. */
static char *join(const char *list, const char *name)
{
	size_t bytes = strcspn(list, ":");
	char *path = NULL;

	if (bytes > PATH_MAX ||
	    asprintf(&path, "%.*s/%s", bytes ? (int)bytes : 1, bytes ? list : ".", name) < 0)
		return NULL;
	return path;
}

/* Returns the first file that may be executed, or NULL with errno as execvp() would set it. */
static char *search(const char *list, const char *name)
{
	int error = ENOENT;

	for (;; list++) {
		char *path = join(list, name);
		int reason = path ? check_executable(path) : ENOENT;

		if (path && !reason)
			return path;
		free(path);
		if (reason == EACCES)
			error = EACCES;
		list += strcspn(list, ":");
		if (!*list)
			break;
	}
	errno = error;
	return NULL;
}

static const char *search_list(void)
{
	static char usual[PATH_MAX];
	const char *list = getenv("PATH");

	if (list)
		return list;
	return confstr(_CS_PATH, usual, sizeof(usual)) ? usual : "/bin:/usr/bin";
}

int hp_program_find(const char *name, char **out_path)
{
	char *path;
	int error;

	if (!*name || strchr(name, '/')) {
		path = strdup(name);
		error = path ? check_executable(path) : errno;
	} else {
		path = search(search_list(), name);
		error = path ? 0 : errno;
	}
	if (error) {
		hp_say("%s: %s", name, strerror(error));
		free(path);
		return hp_exit_of_errno(error);
	}
	*out_path = path;
	return 0;
}

/* ---- checking ---- */

/*
 * Whether exec gives the process another user's rights: then the loader ignores what LD_PRELOAD
 * says. The kernel's rule, see bprm_fill_uid() and cap_bprm_creds_from_file().
 */
static bool gains_privilege(const char *path)
{
	const mode_t group_bits = S_ISGID | S_IXGRP;
	struct statvfs mount;
	struct stat status;

	if (stat(path, &status) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return false;
	if (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOSUID))
		return false;
	return ((status.st_mode & S_ISUID) && status.st_uid != getuid()) ||
	       ((status.st_mode & group_bits) == group_bits && status.st_gid != getgid()) ||
	       (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* False where the file cannot be read, too: to be executed it need not be readable. */
static bool read_image(const char *path, struct hp_image *out_image)
{
	int fd = open_file(path);
	bool is_image = fd >= 0 && hp_image_read(fd, out_image);

	if (fd >= 0)
		close(fd);
	return is_image;
}

/* Why a library cannot be preloaded into this file, or NULL. */
static const char *find_obstacle(const char *path)
{
	struct hp_image program, own;

	if (gains_privilege(path))
		return "is setuid or setgid or has capabilities";
	/* This tool runs on the C library that the preload library was built for. */
	if (!read_image(path, &program) || !read_image("/proc/self/exe", &own))
		return NULL;
	if (!hp_image_is_same_machine(&program, &own))
		return "is built for another architecture";
	if (!*program.loader)
		return "is statically linked";
	if (strcmp(base_name(program.loader), base_name(own.loader)) != 0)
		return "uses another C library";
	return NULL;
}

static bool read_interpreter(const char *path, char *out_path)
{
	int fd = open_file(path);
	bool is_script = fd >= 0 && hp_image_interpreter(fd, out_path);

	if (fd >= 0)
		close(fd);
	return is_script;
}

int hp_program_check(const char *path)
{
	char interpreter[HP_INTERPRETER_BYTES];
	const char *obstacle;

	for (int depth = 0; read_interpreter(path, interpreter); depth++) {
		int error = depth < SCRIPT_DEPTH_MAX ? check_executable(interpreter) : ELOOP;

		if (error) {
			hp_say("the interpreter %s: %s", interpreter, strerror(error));
			return hp_exit_of_errno(error);
		}
		path = interpreter;
	}
	obstacle = find_obstacle(path);
	if (!obstacle)
		return 0;
	hp_say("%s %s: a library cannot be preloaded", path, obstacle);
	return HP_EXIT_CANNOT_RUN;
}

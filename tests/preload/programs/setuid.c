/*
 * A setuid program ignores the preload: the loader drops names with a slash from LD_PRELOAD where
 * the kernel says AT_SECURE. Copies itself, gives the copy to root with the setuid bit, and runs it
 * as the user nobody. Needs root and a temporary directory on a file system without `nosuid`.
 */
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "check.h"

enum { NOBODY = 65534 };

static int skip(const char *reason)
{
	printf("SKIP: %s\n", reason);
	return HP_TEST_SKIPPED;
}

static void copy_self(const char *path)
{
	FILE *from = fopen("/proc/self/exe", "r");
	FILE *to = fopen(path, "w");
	int byte;

	CHECK(from && to);
	while ((byte = getc(from)) != EOF)
		putc(byte, to);
	CHECK(!fclose(from) && !fclose(to));
	CHECK(!chmod(path, 04755));
}

static int run_as_nobody(const char *path)
{
	int status;
	pid_t child = fork();

	if (!child) {
		CHECK(!setgid(NOBODY) && !setuid(NOBODY));
		execl(path, path, "copy", (char *)NULL);
		_exit(1);
	}
	CHECK(waitpid(child, &status, 0) == child);
	return status;
}

int main(int count, char **arguments)
{
	char directory[] = "/tmp/hp-setuid-XXXXXX";
	char path[64];
	struct statvfs mount;
	int status;

	(void)arguments;
	if (count > 1) {
		CHECK(getauxval(AT_SECURE) && getuid() == NOBODY && geteuid() == 0);
		CHECK(!dlsym(RTLD_DEFAULT, "hp_owns"));
		return 0;
	}
	CHECK(dlsym(RTLD_DEFAULT, "hp_owns"));
	if (geteuid())
		return skip("needs root");
	CHECK(mkdtemp(directory) && !chmod(directory, 0755) && !statvfs(directory, &mount));
	snprintf(path, sizeof(path), "%s/copy", directory);
	if (!(mount.f_flag & ST_NOSUID)) {
		copy_self(path);
		status = run_as_nobody(path);
		unlink(path);
	}
	rmdir(directory);
	if (mount.f_flag & ST_NOSUID)
		return skip("the directory /tmp is mounted nosuid");
	CHECK(!status);
	return 0;
}

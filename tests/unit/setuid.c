/*
 * A setuid program that is linked with the library reads nothing from its environment: no option,
 * no warning that a user chose the words of, no file of root's that a user had it write. A copy of
 * this program, root's and setuid, is run as the user nobody. Needs root and a temporary directory
 * on a file system without `nosuid`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <hpalloc/publish.h>

#include "rt/options.h"
#include "support.h"

enum { NOBODY = 65534 };

/* Exit statuses of the copy. */
enum { WELL, NOT_SECURE, TOOK_A_SETTING, NO_HEAP };

static int be_the_copy(void)
{
	if (!getauxval(AT_SECURE) || getuid() != NOBODY || geteuid() != 0)
		return NOT_SECURE;
	if (hp_options.backing != HP_BACKING_AUTO || hp_options.decay_ms != 1000 ||
	    hp_options.publish || hp_options.hugetlbfs || hp_options.trace)
		return TOOK_A_SETTING;
	return hp_malloc(100) ? WELL : NO_HEAP;
}

static void become_nobody(gpointer unused)
{
	(void)unused;
	if (setgid(NOBODY) || setuid(NOBODY))
		_exit(NOT_SECURE);
}

static char *copy_self(const char *directory, mode_t mode)
{
	char *path = g_build_filename(directory, "copy", NULL);
	char *program;
	gsize bytes;

	g_assert_true(g_file_get_contents("/proc/self/exe", &program, &bytes, NULL));
	g_assert_true(g_file_set_contents(path, program, (gssize)bytes, NULL));
	g_assert_cmpint(chmod(path, mode), ==, 0);
	g_free(program);
	return path;
}

/* Runs the copy with settings that would all show; returns its exit status. */
static int run_copy(const char *path, const char *page, char **out_errors)
{
	char *publish = g_strdup_printf("HPALLOC_PUBLISH=%s", page);
	char *trace = g_strdup_printf("HPALLOC_TRACE=%s.trace", page);
	char *arguments[] = { g_strdup(path), NULL };
	char *environment[] = { "HPALLOC_BACKING=base",
				"HPALLOC_DECAY_MS=7",
				"HPALLOC_HUGETLBFS=/dev/shm",
				"HPALLOC_NO_SUCH=1",
				publish,
				trace,
				NULL };
	int status;

	if (!g_spawn_sync(NULL, arguments, environment, G_SPAWN_DEFAULT, become_nobody, NULL, NULL,
			  out_errors, &status, NULL))
		status = -1;
	g_free(arguments[0]);
	g_free(publish);
	g_free(trace);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void make_page(const char *path)
{
	static const struct hp_published page;

	g_assert_true(g_file_set_contents_full(path, (const char *)&page, sizeof(page),
					       G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static uint64_t magic_of(const char *path)
{
	struct hp_published page;
	char *content;
	gsize bytes;

	g_assert_true(g_file_get_contents(path, &content, &bytes, NULL));
	g_assert_cmpuint(bytes, ==, sizeof(page));
	memcpy(&page, content, bytes);
	g_free(content);
	return page.magic;
}

static void nothing_is_read_from_the_environment(void)
{
	char *directory = g_dir_make_tmp("hp-setuid-XXXXXX", NULL);
	char *page = g_build_filename(directory, "page", NULL), *errors = NULL;
	struct statvfs mount;
	char *copy;
	int status;

	g_assert_cmpint(chmod(directory, 0755), ==, 0);
	g_assert_cmpint(statvfs(directory, &mount), ==, 0);
	make_page(page);
	if (geteuid() || (mount.f_flag & ST_NOSUID)) {
		hp_test_skip("needs root, and a temporary directory without nosuid");
	} else {
		copy = copy_self(directory, 04755);
		status = run_copy(copy, page, &errors);
		/* First of all: such a program is not left behind by a test that fails. */
		g_assert_cmpint(unlink(copy), ==, 0);
		g_assert_cmpint(status, ==, WELL);
		g_assert_cmpstr(errors, ==, "");
		g_assert_cmpuint(magic_of(page), ==, 0);
		g_free(copy);
	}
	unlink(page);
	/* Nothing else was written. */
	g_assert_cmpint(rmdir(directory), ==, 0);
	g_free(errors);
	g_free(page);
	g_free(directory);
}

int main(int argc, char **argv)
{
	/* The copy must not meet GLib's own reading of the environment. */
	if (g_str_has_suffix(argv[0], "/copy"))
		return be_the_copy();
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/setuid/nothing-is-read-from-the-environment",
			nothing_is_read_from_the_environment);
	return g_test_run();
}

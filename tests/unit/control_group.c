/* See control_group.h. */
#include "control_group.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

#define ROOT "/sys/fs/cgroup"

static bool write_text(const char *directory, const char *name, const char *text)
{
	char *path = g_build_filename(directory, name, NULL);
	FILE *file = fopen(path, "we");
	bool is_written = file && fputs(text, file) >= 0;

	if (file && fclose(file) != 0)
		is_written = false;
	g_free(path);
	return is_written;
}

static bool has_version_2(const char *mount, const char *controller)
{
	char *path = g_build_filename(mount, "cgroup.controllers", NULL);
	char *text = NULL;
	bool has = g_file_get_contents(path, &text, NULL, NULL) && strstr(text, controller);
	char *enable = g_strconcat("+", controller, NULL);

	if (has)
		has = write_text(mount, "cgroup.subtree_control", enable);
	g_free(enable);
	g_free(path);
	g_free(text);
	return has;
}

static char *find_mount(const char *controller)
{
	static const char *const mounts[] = { ROOT, ROOT "/unified" };
	char *mount = g_build_filename(ROOT, controller, NULL);

	if (g_file_test(mount, G_FILE_TEST_IS_DIR))
		return mount;
	g_free(mount);
	for (size_t i = 0; i < HP_TEST_COUNT(mounts); i++) {
		if (has_version_2(mounts[i], controller))
			return g_strdup(mounts[i]);
	}
	return NULL;
}

char *hp_test_group_begin(const char *controller)
{
	char *mount = find_mount(controller), *group = NULL;

	if (mount) {
		group = g_strdup_printf("%s/hp-test-%d", mount, (int)getpid());
		if (mkdir(group, 0755) != 0)
			g_clear_pointer(&group, g_free);
	}
	g_free(mount);
	if (!group)
		hp_test_skip("no control group with this controller for us (is this root?)");
	return group;
}

char *hp_test_group_inside(const char *group, const char *name)
{
	char *inside = g_build_filename(group, name, NULL);
	char *list = NULL, *path = g_build_filename(group, "cgroup.controllers", NULL);

	if (g_file_get_contents(path, &list, NULL, NULL)) {
		char *enable = g_strdup_printf("+%s", g_strstrip(list));

		g_assert_true(write_text(group, "cgroup.subtree_control", enable));
		g_free(enable);
	}
	g_assert_cmpint(mkdir(inside, 0755), ==, 0);
	g_free(list);
	g_free(path);
	return inside;
}

void hp_test_group_end(char *group)
{
	for (int i = 0; rmdir(group) != 0 && i < 100; i++)
		hp_test_sleep_ms(10);
	g_free(group);
}

void hp_test_group_enter(const char *group)
{
	g_assert_true(write_text(group, "cgroup.procs", "0"));
}

bool hp_test_group_limit(const char *group, const char *limit, const char *value)
{
	char *stem, *old;
	bool is_set;

	if (write_text(group, limit, value))
		return true;
	stem = g_strndup(limit, strlen(limit) - strlen("max"));
	old = g_strconcat(stem, "limit_in_bytes", NULL);
	is_set = write_text(group, old, strcmp(value, "max") ? value : "-1");
	g_free(old);
	g_free(stem);
	return is_set;
}

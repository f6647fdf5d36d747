/*
 * A cgroup's limit on hugetlb pages: a page that the pool has and the limit forbids is other
 * memory, where a reserved mapping would be SIGBUS at the touch.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hugepool.h"
#include "support.h"

#define ROOT "/sys/fs/cgroup"

enum { POOL_PAGES = 64, LIMIT_PAGES = 8, BLOCKS = 64 };

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

/* The mount of version 2 that has the controller, or NULL. */
static const char *find_mount(void)
{
	static const char *const mounts[] = { ROOT, ROOT "/unified" };

	for (size_t i = 0; i < HP_TEST_COUNT(mounts); i++) {
		char *path = g_build_filename(mounts[i], "cgroup.controllers", NULL);
		char *text = NULL;
		bool has = g_file_get_contents(path, &text, NULL, NULL) &&
			   strstr(text, "hugetlb") != NULL;

		g_free(path);
		g_free(text);
		if (has && write_text(mounts[i], "cgroup.subtree_control", "+hugetlb"))
			return mounts[i];
	}
	return NULL;
}

static void take_and_free_all(uint64_t least, uint64_t most)
{
	struct hp_stats stats;
	void *blocks[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = hp_malloc(HP_MIB);
		g_assert_nonnull(blocks[i]);
		hp_test_fill(blocks[i], HP_MIB, i);
	}
	stats = hp_test_stats();
	g_assert_cmpuint(stats.hugetlb_bytes, >=, least * HP_TEST_HUGEPAGE);
	g_assert_cmpuint(stats.hugetlb_bytes, <=, most * HP_TEST_HUGEPAGE);
	for (size_t i = 0; i < BLOCKS; i++) {
		g_assert_true(hp_test_is_filled(blocks[i], HP_MIB, i));
		hp_free(blocks[i]);
	}
}

static void run_inside(void)
{
	const char *group = g_getenv("HP_TEST_CGROUP");
	const char *limit = g_getenv("HP_TEST_CGROUP_LIMIT");

	g_assert_true(write_text(group, "cgroup.procs", "0"));
	take_and_free_all(LIMIT_PAGES - 1, LIMIT_PAGES);
	g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_LIMIT] +
				 hp_test_stats().fallbacks[HP_FALLBACK_POOL_EMPTY],
			 >, 0);
	hp_trim(0);
	g_assert_true(write_text(group, limit, "max"));
	hp_test_sleep_ms(150);
	take_and_free_all(28, POOL_PAGES);
}

static void run_limited(const char *limit)
{
	const char *mount = find_mount();
	char *group, *bytes;

	if (!mount) {
		hp_test_skip("no cgroup version 2 with the hugetlb controller for us");
		return;
	}
	if (!hp_test_pool_begin(POOL_PAGES))
		return;
	group = g_strdup_printf("%s/hp-test-%d", mount, (int)getpid());
	bytes = g_strdup_printf("%zu", LIMIT_PAGES * HP_TEST_HUGEPAGE);
	g_assert_cmpint(mkdir(group, 0755), ==, 0);
	g_assert_true(write_text(group, limit, bytes));
	g_setenv("HP_TEST_CGROUP", group, TRUE);
	g_setenv("HP_TEST_CGROUP_LIMIT", limit, TRUE);
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
	for (int i = 0; rmdir(group) != 0 && i < 100; i++)
		hp_test_sleep_ms(10);
	g_free(bytes);
	g_free(group);
	hp_test_pool_end();
	g_test_trap_assert_passed();
}

static void a_limit_on_use_costs_nothing_but_speed(void)
{
	if (g_test_subprocess())
		run_inside();
	else
		run_limited("hugetlb.2MB.max");
}

static void a_limit_on_reservations_costs_nothing_but_speed(void)
{
	if (g_test_subprocess())
		run_inside();
	else
		run_limited("hugetlb.2MB.rsvd.max");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hugetlb-cgroup/a-limit-on-use-costs-nothing-but-speed",
			a_limit_on_use_costs_nothing_but_speed);
	g_test_add_func("/hugetlb-cgroup/a-limit-on-reservations-costs-nothing-but-speed",
			a_limit_on_reservations_costs_nothing_but_speed);
	return g_test_run();
}

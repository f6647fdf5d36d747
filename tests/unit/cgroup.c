/*
 * What the control groups allow, read from real groups: nested, version 1 or 2 as the machine has
 * the controller, at another mount, and where they can't be seen.
 */
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control_group.h"
#include "hugepool.h"
#include "os/os.h"
#include "support.h"

enum { PAGES = 4, POOL_PAGES = 32 };

static char *pages_text(unsigned pages)
{
	return g_strdup_printf("%zu", pages * HP_TEST_HUGEPAGE);
}

static void limit_pages(const char *group, const char *limit, unsigned pages)
{
	char *text = pages_text(pages);

	g_assert_true(hp_test_group_limit(group, limit, text));
	g_free(text);
}

static void expect_pages(unsigned limit, unsigned left)
{
	uint64_t limit_bytes = 0, left_bytes = 0;

	g_assert_cmpint(hp_os_cgroup_read(HP_OS_CGROUP_HUGETLB, &limit_bytes, &left_bytes), ==, 0);
	g_assert_cmpuint(limit_bytes, ==, limit * HP_TEST_HUGEPAGE);
	g_assert_cmpuint(left_bytes, ==, left * HP_TEST_HUGEPAGE);
}

/* Runs it in a child inside the group. */
static void run_in(const char *group, void (*run)(const char *group))
{
	pid_t child = fork();

	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		hp_test_group_enter(group);
		run(group);
		_exit(0);
	}
	hp_test_child_did_well(child);
}

static void use_pages(const char *group)
{
	void *pages;

	(void)group;
	expect_pages(8, 8);
	pages = mmap(NULL, PAGES * HP_TEST_HUGEPAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	g_assert_true(pages != MAP_FAILED);
	expect_pages(8, 8 - PAGES);
	munmap(pages, PAGES * HP_TEST_HUGEPAGE);
	expect_pages(8, 8);
}

static void the_least_limit_of_all_groups_counts(void)
{
	char *outer, *inner;

	if (!hp_test_pool_begin(POOL_PAGES))
		return;
	outer = hp_test_group_begin("hugetlb");
	if (outer) {
		inner = hp_test_group_inside(outer, "inner");
		limit_pages(outer, "hugetlb.2MB.max", 8);
		limit_pages(inner, "hugetlb.2MB.max", 16);
		run_in(inner, use_pages);
		limit_pages(outer, "hugetlb.2MB.max", 16);
		limit_pages(inner, "hugetlb.2MB.max", 8);
		run_in(inner, use_pages);
		hp_test_group_end(inner);
		hp_test_group_end(outer);
	}
	hp_test_pool_end();
}

static void reserve_pages(const char *group)
{
	void *pages;

	(void)group;
	expect_pages(6, 6);
	pages = mmap(NULL, PAGES * HP_TEST_HUGEPAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	g_assert_true(pages != MAP_FAILED);
	expect_pages(6, 6 - PAGES);
}

static void reservations_count_as_well(void)
{
	char *group;

	if (!hp_test_pool_begin(POOL_PAGES))
		return;
	group = hp_test_group_begin("hugetlb");
	if (group) {
		limit_pages(group, "hugetlb.2MB.max", 8);
		limit_pages(group, "hugetlb.2MB.rsvd.max", 6);
		run_in(group, reserve_pages);
		hp_test_group_end(group);
	}
	hp_test_pool_end();
}

static void expect_memory(const char *group)
{
	uint64_t limit_bytes = 0, left_bytes = 0;

	(void)group;
	g_assert_cmpint(hp_os_cgroup_read(HP_OS_CGROUP_MEMORY, &limit_bytes, &left_bytes), ==, 0);
	g_assert_cmpuint(limit_bytes, ==, 64 * HP_MIB);
	g_assert_cmpuint(left_bytes, >, 32 * HP_MIB);
	g_assert_cmpuint(left_bytes, <, 64 * HP_MIB);
}

static void memory_is_read_as_well(void)
{
	char *outer = hp_test_group_begin("memory"), *inner;

	if (!outer)
		return;
	inner = hp_test_group_inside(outer, "inner");
	g_assert_true(hp_test_group_limit(outer, "memory.max", "67108864"));
	run_in(inner, expect_memory);
	hp_test_group_end(inner);
	hp_test_group_end(outer);
}

static void expect_no_limit(const char *group)
{
	uint64_t limit_bytes = 0, left_bytes = 0;

	(void)group;
	g_assert_cmpint(hp_os_cgroup_read(HP_OS_CGROUP_HUGETLB, &limit_bytes, &left_bytes), ==, 0);
	g_assert_cmpuint(limit_bytes, ==, UINT64_MAX);
	g_assert_cmpuint(left_bytes, ==, UINT64_MAX);
}

static void without_a_limit_there_is_none(void)
{
	char *group = hp_test_group_begin("hugetlb");

	if (!group)
		return;
	run_in(group, expect_no_limit);
	hp_test_group_end(group);
}

static void expect_nothing_known(void)
{
	uint64_t limit_bytes = 1, left_bytes = 2;

	g_assert_cmpint(hp_os_cgroup_read(HP_OS_CGROUP_HUGETLB, &limit_bytes, &left_bytes), ==,
			-ENOENT);
	g_assert_cmpuint(limit_bytes, ==, 1);
	g_assert_cmpuint(left_bytes, ==, 2);
}

/* A container's mount: it shows our group and what is in it, at a name that has to be quoted. */
static void see_only_the_group(const char *group)
{
	char point[] = "/tmp/hp cgroup XXXXXX";

	expect_pages(8, 8);
	g_assert_cmpint(unshare(CLONE_NEWNS), ==, 0);
	g_assert_cmpint(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
	g_assert_nonnull(g_mkdtemp(point));
	g_assert_cmpint(mount(group, point, NULL, MS_BIND, NULL), ==, 0);
	g_assert_cmpint(umount2("/sys/fs/cgroup", MNT_DETACH), ==, 0);
	expect_pages(8, 8);
	g_assert_cmpint(umount2(point, MNT_DETACH), ==, 0);
	rmdir(point);
	expect_nothing_known();
}

/* The mount shows groups outside our namespace: which one is ours can't be known. */
static void see_none(const char *group)
{
	(void)group;
	g_assert_cmpint(unshare(CLONE_NEWCGROUP), ==, 0);
	expect_nothing_known();
}

static void other_mounts_are_found_and_missing_ones_are_an_error(void)
{
	char *group = hp_test_group_begin("hugetlb");

	if (!group)
		return;
	limit_pages(group, "hugetlb.2MB.max", 8);
	run_in(group, see_only_the_group);
	run_in(group, see_none);
	hp_test_group_end(group);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cgroup/the-least-limit-of-all-groups-counts",
			the_least_limit_of_all_groups_counts);
	g_test_add_func("/cgroup/reservations-count-as-well", reservations_count_as_well);
	g_test_add_func("/cgroup/memory-is-read-as-well", memory_is_read_as_well);
	g_test_add_func("/cgroup/without-a-limit-there-is-none", without_a_limit_there_is_none);
	g_test_add_func("/cgroup/other-mounts-are-found-and-missing-ones-are-an-error",
			other_mounts_are_found_and_missing_ones_are_an_error);
	return g_test_run();
}

/* The text of the summary: every reason, and the command that is named for it. */
#include <glib.h>

#include "run/report.h"

#define MB ((uint64_t)1 << 20)

/* Heaps of 100 hugepages, of which so many are on each kind of page at the peak. */
static struct hp_published page_with(uint64_t hugetlb, uint64_t thp, uint64_t base)
{
	return (struct hp_published){
		.magic = HP_PUBLISHED_MAGIC,
		.stats = {
			.peak_bytes = (hugetlb + thp + base) * 2 * MB,
			.peak_hugetlb_bytes = hugetlb * 2 * MB,
			.peak_thp_bytes = thp * 2 * MB,
			.peak_base_bytes = base * 2 * MB,
		},
	};
}

static struct hp_published page_with_reason(enum hp_fallback reason)
{
	struct hp_published page = page_with(20, 79, 1);

	page.stats.fallbacks[reason] = 79;
	page.stats.fallbacks[HP_FALLBACK_WARMUP] = 1;
	return page;
}

static struct hp_machine machine_with(uint64_t pool_pages, uint64_t free_pages)
{
	return (struct hp_machine){
		.has_pool = true,
		.is_default_size = true,
		.pool_pages = pool_pages,
		.free_pages = free_pages,
	};
}

static void expect(const struct hp_published *page, const struct hp_machine *machine,
		   const char *expected)
{
	char *text = hp_report_text(page, machine);

	g_assert_cmpstr(text, ==, expected);
	free(text);
}

static void expect_reason(enum hp_fallback reason, const struct hp_machine *machine,
			  const char *expected)
{
	struct hp_published page = page_with_reason(reason);
	char *text = g_strconcat("peak heap 200 MB: 20 % hugetlb, 79 % transparent huge pages, "
				 "1 % base pages",
				 expected, NULL);

	expect(&page, machine, text);
	g_free(text);
}

static void test_kinds(void)
{
	struct hp_machine machine = machine_with(0, 0);
	struct hp_published page = page_with(100, 0, 0);

	expect(&page, &machine, "peak heap 200 MB: 100 % hugetlb");
	page = page_with(0, 999, 1);
	expect(&page, &machine,
	       "peak heap 2000 MB: 100 % transparent huge pages, < 1 % base pages");
	page = page_with(0, 100, 0);
	page.thp_resident_bytes = 200 * MB;
	page.thp_huge_bytes = 200 * MB;
	expect(&page, &machine, "peak heap 200 MB: 100 % transparent huge pages");
	page.thp_huge_bytes = 82 * MB;
	expect(&page, &machine,
	       "peak heap 200 MB: 100 % transparent huge pages (the kernel made 41 % of them)");
	page.thp_resident_bytes = 90 * MB; /* most of it was freed before the end */
	expect(&page, &machine, "peak heap 200 MB: 100 % transparent huge pages");
}

static void test_not_started(void)
{
	struct hp_machine machine = machine_with(0, 0);
	struct hp_published page = { 0 };

	expect(&page, &machine,
	       "the program ran without this heap: the library did not start in it");
}

static void test_small(void)
{
	struct hp_machine machine = machine_with(0, 0);
	struct hp_published page = page_with_reason(HP_FALLBACK_WARMUP);

	page.stats.peak_bytes = page.stats.peak_base_bytes = 300 * 1024;
	page.stats.peak_hugetlb_bytes = page.stats.peak_thp_bytes = 0;
	expect(&page, &machine, "peak heap 300 KB: 100 % base pages; small heap: nothing to gain");
}

static void test_pool(void)
{
	struct hp_machine machine = machine_with(0, 0);
	struct hp_published page = page_with(0, 100, 0);

	page.stats.fallbacks[HP_FALLBACK_POOL_EMPTY] = 100;
	expect(&page, &machine,
	       "peak heap 200 MB: 100 % transparent huge pages; the pool was empty: "
	       "sysctl vm.nr_hugepages=100 would hold it");
	machine = machine_with(50, 20); /* 30 are others' */
	expect_reason(HP_FALLBACK_POOL_EMPTY, &machine,
		      "; the pool was too small: sysctl vm.nr_hugepages=130 would hold it");
	machine.is_default_size = false;
	expect_reason(HP_FALLBACK_POOL_EMPTY, &machine,
		      "; the pool was too small: echo 130 > /sys/kernel/mm/hugepages/"
		      "hugepages-2048kB/nr_hugepages would hold it");
	machine = machine_with(200, 100);
	expect_reason(HP_FALLBACK_POOL_EMPTY, &machine,
		      "; the pool had too few pages then and has enough now");
	machine = (struct hp_machine){ 0 };
	expect_reason(HP_FALLBACK_POOL_EMPTY, &machine, "; this kernel has no pool of 2 MB pages");
}

static void test_limits(void)
{
	struct hp_machine machine = machine_with(50, 50);
	struct hp_published page = page_with(20, 79, 1);

	expect_reason(HP_FALLBACK_LIMIT, &machine,
		      "; the pool was too small: sysctl vm.nr_hugepages=100 would hold it");
	strcpy(machine.cgroup_limit, "/group/hugetlb.2MB.max");
	machine.cgroup_unlimited = "max";
	expect_reason(HP_FALLBACK_LIMIT, &machine,
		      "; a cgroup limits huge pages: echo max > /group/hugetlb.2MB.max");
	machine.own_limit = "HPALLOC_POOL_MAX";
	page.stats.fallbacks[HP_FALLBACK_LIMIT] = 79;
	page.stats.pool_withheld = 70; /* the group's limit is not what counts */
	expect(&page, &machine,
	       "peak heap 200 MB: 20 % hugetlb, 79 % transparent huge pages, 1 % base pages; a "
	       "setting holds it back from the pool: unset HPALLOC_POOL_MAX");
	expect_reason(HP_FALLBACK_POOL_EMPTY, &machine,
		      "; the pool was too small: unset HPALLOC_POOL_MAX; sysctl "
		      "vm.nr_hugepages=100 would hold it");
	expect_reason(HP_FALLBACK_MAPPING, &machine,
		      "; too many mappings: sysctl vm.max_map_count=1048576");
	machine.is_data_limited = true;
	expect_reason(HP_FALLBACK_MAPPING, &machine,
		      "; the data of a process is limited: ulimit -d unlimited");
	machine.is_address_limited = true;
	expect_reason(HP_FALLBACK_MAPPING, &machine,
		      "; the address space is limited: ulimit -v unlimited");
	expect_reason(HP_FALLBACK_FORK, &machine, "; a fork left a copy on normal memory");
}

static void test_lazy(void)
{
	struct hp_machine machine = machine_with(200, 200);

	expect_reason(HP_FALLBACK_LAZY_LARGE, &machine,
		      "; very large blocks are left lazy: HPALLOC_LAZY_MIN=1G puts them on the "
		      "pool");
	machine = machine_with(0, 0);
	expect_reason(HP_FALLBACK_LAZY_LARGE, &machine,
		      "; very large blocks are left lazy: HPALLOC_LAZY_MIN=1G after sysctl "
		      "vm.nr_hugepages=100 puts them on the pool");
}

static void test_thp(void)
{
	struct hp_machine machine = machine_with(0, 0);
	struct hp_published page = page_with(0, 0, 100);

	expect_reason(HP_FALLBACK_THP_FAILED, &machine,
		      "; memory is fragmented: sysctl vm.compact_memory=1 before the start");
	/* Each hugepage has both reasons: named is the one for the worse pages. */
	page.stats.fallbacks[HP_FALLBACK_POOL_EMPTY] = 99;
	page.stats.fallbacks[HP_FALLBACK_THP_OFF] = 99;
	expect(&page, &machine,
	       "peak heap 200 MB: 100 % base pages; transparent huge pages are off for this "
	       "process (prctl)");
	machine.is_thp_off = true;
	expect(&page, &machine,
	       "peak heap 200 MB: 100 % base pages; transparent huge pages are off: "
	       "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
}

static void test_asked_for(void)
{
	struct hp_machine machine = machine_with(0, 0);
	struct hp_published page = page_with(0, 100, 0);

	machine.backing = "thp";
	expect(&page, &machine,
	       "peak heap 200 MB: 100 % transparent huge pages; HPALLOC_BACKING=thp asks for that");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/report/kinds", test_kinds);
	g_test_add_func("/report/not-started", test_not_started);
	g_test_add_func("/report/small", test_small);
	g_test_add_func("/report/pool", test_pool);
	g_test_add_func("/report/limits", test_limits);
	g_test_add_func("/report/lazy", test_lazy);
	g_test_add_func("/report/thp", test_thp);
	g_test_add_func("/report/asked-for", test_asked_for);
	return g_test_run();
}

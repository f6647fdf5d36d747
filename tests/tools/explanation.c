/* The text of `hpalloc explain`: what it says of each part, and where each line comes from. */
#include <glib.h>

#include "common/amounts.h"
#include "explain/explanation.h"

static const struct hp_tlb tlb = { .entries = 1024 };

static const struct hp_machine machine = {
	.has_pool = true,
	.is_default_size = true,
	.pool_pages = 50,
	.free_pages = 0,
};

/* 100 MB on the pool, 200 MB on transparent huge pages, 2 MB on base pages. */
static struct hp_published page_of_300_mb(void)
{
	return (struct hp_published){
		.magic = HP_PUBLISHED_MAGIC,
		.stats = {
			.heap_bytes = 302 * HP_MB,
			.hugetlb_bytes = 100 * HP_MB,
			.thp_bytes = 200 * HP_MB,
			.base_bytes = 2 * HP_MB,
			.peak_bytes = 404 * HP_MB,
			.peak_hugetlb_bytes = 100 * HP_MB,
			.peak_thp_bytes = 302 * HP_MB,
			.peak_base_bytes = 2 * HP_MB,
			.idle_bytes = 4 * HP_MB,
		},
	};
}

static char *explain(const struct hp_explained *explained)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	hp_explanation_print(out, explained);
	fclose(out);
	return text;
}

static void expect_part(const struct hp_explained *explained, const char *part)
{
	char *text = explain(explained);

	if (!strstr(text, part))
		g_error("no '%s' in:\n%s", part, text);
	free(text);
}

static void expect_no(const struct hp_explained *explained, const char *part)
{
	char *text = explain(explained);

	if (strstr(text, part))
		g_error("'%s' in:\n%s", part, text);
	free(text);
}

static void test_kinds(void)
{
	struct hp_published page = page_of_300_mb();
	struct hp_explained explained = { .page = &page, .machine = &machine, .tlb = &tlb };

	expect_part(&explained,
		    "a heap of 302 MB, at its peak 404 MB\n\n"
		    "  THE HEAP STANDS ON                    NOW         AT ITS PEAK\n"
		    "  hugetlb (the pool)           100 MB   33 %        100 MB   25 %\n"
		    "  transparent huge pages       200 MB   66 %        302 MB   75 %\n"
		    "  base pages                     2 MB    1 %          2 MB    0 %\n"
		    "  together                     302 MB  100 %        404 MB  100 %\n");
	expect_part(&explained, "\nNothing fell back to lesser pages.\n");
	expect_part(&explained, "What it costs: 4.0 MB on whole huge pages that idle.\n");
	page.thp_resident_bytes = 180 * HP_MB;
	page.thp_huge_bytes = 90 * HP_MB;
	expect_part(&explained, "At the end 180 MB of its normal memory had been touched, and the "
				"kernel had made\nhuge pages of 90 MB of that.\n");
}

static void test_reasons(void)
{
	struct hp_published page = page_of_300_mb();
	struct hp_explained explained = { .page = &page, .machine = &machine, .tlb = &tlb };

	page.stats.fallbacks[HP_FALLBACK_WARMUP] = 1;
	page.stats.fallbacks[HP_FALLBACK_FORK] = 7;
	page.stats.fallbacks[HP_FALLBACK_POOL_EMPTY] = 151;
	expect_part(&explained,
		    "\nWhy not all of it is on the pool; since the start:\n"
		    "  151 huge pages: the pool was too small\n"
		    "      sysctl vm.nr_hugepages=252   would hold it\n"
		    "  7 huge pages: a fork left a copy on normal memory\n"
		    "      HPALLOC_FORK=keep shares the pages instead, where the pool has as many "
		    "again\n"
		    "  1 huge page: the first part of a heap is on base pages until it has grown\n"
		    "      HPALLOC_WARMUP=0 starts on huge pages\n");
}

/* Without another limit, pages that were promised and not there are those of a dry pool. */
static void test_same_reason(void)
{
	struct hp_published page = page_of_300_mb();
	struct hp_machine limited = machine;
	struct hp_explained explained = { .page = &page, .machine = &limited, .tlb = &tlb };

	page.stats.fallbacks[HP_FALLBACK_POOL_EMPTY] = 20;
	page.stats.fallbacks[HP_FALLBACK_LIMIT] = 5;
	expect_part(&explained, "start:\n  25 huge pages: the pool was too small\n");
	expect_no(&explained, "  5 huge pages");
	limited.own_limit = "HPALLOC_POOL_LEAVE";
	page.stats.pool_withheld = 5;
	expect_part(&explained, "start:\n  20 huge pages: the pool was too small\n");
	expect_part(&explained, "  5 huge pages: a setting holds it back from the pool\n"
				"      unset HPALLOC_POOL_LEAVE\n");
}

/* Each has words of its own and, if anything changes it, a command. */
static void test_every_reason(void)
{
	static const char *const commands[HP_FALLBACK_COUNT] = {
		[HP_FALLBACK_POOL_EMPTY] = "      sysctl vm.nr_hugepages=252   would hold it\n",
		[HP_FALLBACK_LIMIT] = "      echo -1 > /group/hugetlb.2MB.limit_in_bytes\n",
		[HP_FALLBACK_MAPPING] = "      ulimit -v unlimited\n",
		[HP_FALLBACK_LAZY_LARGE] = ("      HPALLOC_LAZY_MIN=1G after sysctl "
					    "vm.nr_hugepages=252   puts them on the pool\n"),
		[HP_FALLBACK_FORK] = "      HPALLOC_FORK=keep",
		[HP_FALLBACK_WARMUP] = "      HPALLOC_WARMUP=0",
		[HP_FALLBACK_THP_OFF] =
			"      echo madvise > /sys/kernel/mm/transparent_hugepage/enabled\n",
		[HP_FALLBACK_THP_FAILED] = "      sysctl vm.compact_memory=1 before the start\n",
	};
	struct hp_machine limited = machine;

	limited.is_thp_off = limited.is_address_limited = true;
	limited.cgroup_unlimited = "-1";
	strcpy(limited.cgroup_limit, "/group/hugetlb.2MB.limit_in_bytes");
	for (int reason = 0; reason < HP_FALLBACK_COUNT; reason++) {
		struct hp_published page = page_of_300_mb();
		struct hp_explained explained = { .page = &page, .machine = &limited, .tlb = &tlb };

		page.stats.fallbacks[reason] = 3;
		g_assert_nonnull(commands[reason]);
		expect_part(&explained, commands[reason]);
		expect_no(&explained, "in a container");
		expect_no(&explained, "does not know");
	}
}

static void test_container(void)
{
	struct hp_published page = page_of_300_mb();
	struct hp_machine inside = machine;
	struct hp_explained explained = { .page = &page, .machine = &inside, .tlb = &tlb };

	inside.is_container = true;
	page.stats.fallbacks[HP_FALLBACK_POOL_EMPTY] = 151;
	expect_part(&explained, "      in a container: the pool is the host's: the command runs "
				"there; Kubernetes: resources.limits: hugepages-2Mi: 404Mi\n");
	page.stats.fallbacks[HP_FALLBACK_LIMIT] = 200;
	strcpy(inside.cgroup_limit, "/hugetlb.2MB.max");
	inside.cgroup_unlimited = "max";
	expect_part(&explained, "      echo max > /hugetlb.2MB.max\n"
				"      in a container: Kubernetes: resources.limits: "
				"hugepages-2Mi: 404Mi\n");
}

static void test_process(void)
{
	struct hp_published page = page_of_300_mb();
	struct hp_process process = {
		.pid = "4711",
		.name = "redis-server",
		.has_page = true,
		.has_memory = true,
		.hugetlb_bytes = 100 * HP_MB,
		.thp_bytes = 180 * HP_MB,
		.anonymous_bytes = 200 * HP_MB,
	};
	struct hp_explained explained = {
		.page = &page, .machine = &machine, .process = &process, .tlb = &tlb
	};

	expect_part(&explained, "redis-server (4711): a heap of 302 MB, at its peak 404 MB\n");
	expect_part(&explained,
		    "The kernel says of the whole process, stacks and the like with it: "
		    "100 MB on hugetlb,\n180 MB on transparent huge pages, 20 MB on base pages.\n");
	process.has_memory = false;
	expect_part(&explained, "The kernel does not tell of this process");
	explained.page = NULL;
	expect_part(&explained, "redis-server (4711): it publishes no counters. 'hpalloc run'");
	expect_no(&explained, "Would it gain");
	explained.process = NULL;
	expect_part(&explained, "the program ran without this heap");
}

static void test_asked_for(void)
{
	struct hp_published page = page_of_300_mb();
	struct hp_machine asked = machine;
	struct hp_explained explained = { .page = &page, .machine = &asked, .tlb = &tlb };

	asked.backing = "thp";
	page.stats.fallbacks[HP_FALLBACK_WARMUP] = 1;
	expect_part(&explained, "\nHPALLOC_BACKING=thp asks for that.\n");
	expect_no(&explained, "HPALLOC_WARMUP");
}

static void test_forks(void)
{
	struct hp_published page = page_of_300_mb();
	struct hp_explained explained = { .page = &page, .machine = &machine, .tlb = &tlb };

	page.stats.forks_copied = 5;
	page.stats.forks_shared = 6;
	page.stats.forks_uncovered = 2;
	page.stats.rescued = 1;
	expect_part(&explained,
		    "idle.\n5 forks copied huge pages, 8 shared them, 2 of these without "
		    "a page for each:\n1 were rescued by a copy.\n");
}

/* What takes a walk over the heap is only said where the program has answered. */
static void test_fullness(void)
{
	struct hp_published page = page_of_300_mb();
	struct hp_process process = { .name = "busy", .pid = "1" };
	struct hp_explained explained = {
		.page = &page, .machine = &machine, .tlb = &tlb, .process = &process, .age_ms = 120
	};

	page.stats.in_use_bytes = 151 * HP_MB;
	page.stats.metadata_bytes = 3 * HP_MB;
	page.stats.hugetlb_fullness[HP_FULLNESS_EMPTY] = 2;
	page.stats.hugetlb_fullness[HP_FULLNESS_FULL] = 40;
	page.stats.thp_fullness[HP_FULLNESS_FULL] = 40;
	page.stats.thp_fullness[3] = 19;
	page.stats.base_fullness[3] = 1;
	expect_part(&explained, "was asked; the process did not come by to answer.\n");
	expect_no(&explained, "How full with");
	page.answered = 1;
	expect_part(&explained,
		    "What it costs: 4.0 MB on whole huge pages that idle;\n302 MB are held "
		    "for 151 MB of blocks (50 %), and 3.0 MB for tables.\n");
	expect_part(&explained, "\nHow full with blocks each 2 MB of it was 0.1 s ago:\n"
				"  empty            2 ##\n"
				"  to  10 %         0\n"
				"  to  20 %         0\n"
				"  to  30 %        20 ##########\n");
	expect_part(&explained,
		    "\n  full            80 ########################################\n");
	explained.process = NULL;
	page.answered = 0;
	expect_no(&explained, "How full");
}

static void test_gain(void)
{
	struct hp_published page = page_of_300_mb();
	struct hp_tlb counted = tlb;
	struct hp_explained explained = { .page = &page, .machine = &machine, .tlb = &counted };

	expect_part(&explained, "The TLB has 1024 entries: they reach 4.0 MB on pages of 4 KB, "
				"2048 MB on pages\nof 2 MB. The heap has 404 MB: huge pages gain, "
				"the more the more it is used at random.\nCounted was nothing");
	page.stats.peak_bytes = 30 * HP_MB;
	expect_part(&explained, "30 MB: huge pages gain where all of it is in use at once.\n");
	page.stats.peak_bytes = 3 * HP_MB;
	expect_part(&explained, "3.0 MB, less than either");
	counted = (struct hp_tlb){
		.entries = 1536, .is_assumed = true, .has_misses = true, .misses_per_1000 = 2.5
	};
	expect_part(&explained, "The TLB (assumed: this processor does not tell) has 1536");
	expect_part(&explained, "Counted: 2.50 loads that miss the TLB in a thousand instructions, "
				"on the pages that it has\nnow: they cost time.\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/explanation/kinds", test_kinds);
	g_test_add_func("/explanation/reasons", test_reasons);
	g_test_add_func("/explanation/same-reason", test_same_reason);
	g_test_add_func("/explanation/every-reason", test_every_reason);
	g_test_add_func("/explanation/container", test_container);
	g_test_add_func("/explanation/process", test_process);
	g_test_add_func("/explanation/asked-for", test_asked_for);
	g_test_add_func("/explanation/forks", test_forks);
	g_test_add_func("/explanation/fullness", test_fullness);
	g_test_add_func("/explanation/gain", test_gain);
	return g_test_run();
}

/*
 * Environments that surprise allocators: where transparent huge pages are forbidden, address space
 * or mappings run out, stacks are small and namespaces are left. On the hugetlb pool as well, where
 * that matters.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hugepool.h"
#include "support.h"

enum { BLOCKS = 64, POOL_PAGES = 16, STACK_BYTES = 64 << 10 };

/* Small, large, growing, shrinking, cleared; all whole. False where a request was refused. */
static bool use_the_heap(void)
{
	static const size_t sizes[] = { 24, 1000, 20000, 100000, 300000, 3000000 };
	unsigned char *blocks[BLOCKS];
	bool has_all = true;

	for (size_t i = 0; i < BLOCKS; i++) {
		size_t bytes = sizes[i % HP_TEST_COUNT(sizes)];

		blocks[i] = i % 3 ? hp_malloc(bytes) : hp_calloc(1, bytes);
		if (!blocks[i]) {
			has_all = false;
			continue;
		}
		if (i % 3 == 0 && !hp_test_is_zero(blocks[i], bytes))
			abort();
		hp_test_fill(blocks[i], bytes, i);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		size_t bytes = sizes[i % HP_TEST_COUNT(sizes)];
		void *moved = blocks[i] ? hp_realloc(blocks[i], bytes * 2) : NULL;

		if (blocks[i] && !hp_test_is_filled(moved ? moved : blocks[i], bytes, i))
			abort();
		has_all = has_all && moved;
		hp_free(moved ? moved : blocks[i]);
	}
	return has_all;
}

static void run_without_thp(void)
{
	g_assert_true(use_the_heap());
	g_assert_cmpuint(hp_test_stats().thp_bytes, ==, 0);
	g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_THP_OFF], >, 0);
	if (!HP_TEST_ASAN && !HP_TEST_TSAN)
		g_assert_cmpuint(hp_test_proc_bytes("/proc/self/smaps_rollup", "AnonHugePages:"),
				 ==, 0);
}

static void transparent_huge_pages_forbidden_by_prctl_are_not_used(void)
{
	pid_t child;

	if (g_test_subprocess()) {
		run_without_thp();
		return;
	}
	child = fork();
	if (child == 0) {
		g_assert_cmpint(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), ==, 0);
		hp_test_fresh("");
		_exit(0);
	}
	hp_test_child_did_well(child);
}

/* Refused to a process with threads: so the heap may start none. */
static void leave_the_user_namespace(void)
{
	g_assert_true(use_the_heap());
	if (unshare(CLONE_NEWUSER) != 0) {
		g_assert_cmpint(errno, !=, EINVAL);
		hp_test_skip("user namespaces are forbidden here");
		return;
	}
	g_assert_true(use_the_heap());
	hp_trim(0);
}

static void a_user_namespace_can_be_left(void)
{
	if (HP_TEST_TSAN)
		hp_test_skip("ThreadSanitizer has a thread of its own");
	else if (hp_test_fresh(""))
		leave_the_user_namespace();
}

static void a_user_namespace_can_be_left_with_a_pool(void)
{
	if (HP_TEST_TSAN)
		hp_test_skip("ThreadSanitizer has a thread of its own");
	else if (hp_test_fresh_with_pool("HPALLOC_WARMUP=0", POOL_PAGES))
		leave_the_user_namespace();
}

static void *use_all_on_a_small_stack(void *unused)
{
	struct hp_stats stats;
	pid_t child;
	int status;

	g_assert_true(use_the_heap());
	hp_trim(0);
	g_assert_cmpint(hp_stats_get(&stats, sizeof(stats)), ==, 0);
	child = fork();
	if (child == 0)
		_exit(use_the_heap() ? 0 : 1);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
	return unused;
}

static void run_on_a_small_stack(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	g_assert_cmpint(pthread_attr_init(&attributes), ==, 0);
	g_assert_cmpint(pthread_attr_setstacksize(&attributes, STACK_BYTES), ==, 0);
	g_assert_cmpint(pthread_create(&thread, &attributes, use_all_on_a_small_stack, NULL), ==,
			0);
	g_assert_cmpint(pthread_join(thread, NULL), ==, 0);
	pthread_attr_destroy(&attributes);
}

static void a_stack_of_64_kb_is_enough(void)
{
	if (HP_TEST_ASAN || HP_TEST_TSAN)
		hp_test_skip("a sanitizer needs more stack");
	else if (hp_test_fresh(""))
		run_on_a_small_stack();
}

static void a_stack_of_64_kb_is_enough_with_a_pool(void)
{
	if (HP_TEST_ASAN || HP_TEST_TSAN)
		hp_test_skip("a sanitizer needs more stack");
	else if (hp_test_fresh_with_pool("HPALLOC_WARMUP=0 HPALLOC_LIMIT_CGROUP=1", POOL_PAGES))
		run_on_a_small_stack();
}

struct piece {
	void *address;
	size_t bytes;
};

static struct piece pieces[4096];

/* Takes all address space in ever smaller pieces, of `least` bytes at last. */
static size_t fill_address_space(size_t least)
{
	size_t count = 0;

	for (size_t bytes = (size_t)1 << 46; bytes >= least; bytes /= 2) {
		while (count < HP_TEST_COUNT(pieces)) {
			void *address = mmap(NULL, bytes, PROT_NONE,
					     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

			if (address == MAP_FAILED)
				break;
			pieces[count++] = (struct piece){ address, bytes };
		}
	}
	return count;
}

static void run_without_address_space(void)
{
	void *held = hp_malloc(100000);
	size_t count = fill_address_space(64 * HP_KIB);

	use_the_heap();
	HP_TEST_TOO_MUCH(hp_malloc((size_t)1 << 42));
	hp_free(held);
	use_the_heap();
	while (count--)
		munmap(pieces[count].address, pieces[count].bytes);
	g_assert_true(use_the_heap());
}

static void a_full_address_space_is_enomem_and_no_more(void)
{
	if (!hp_test_skips_measures() && hp_test_fresh(""))
		run_without_address_space();
}

static void a_full_address_space_is_enomem_and_no_more_with_a_pool(void)
{
	if (!hp_test_skips_measures() && hp_test_fresh_with_pool("HPALLOC_WARMUP=0", POOL_PAGES))
		run_without_address_space();
}

/* Neighbours of other protection do not merge. Leaves room for `spare` mappings. */
static size_t fill_mappings(char *place, size_t most, size_t spare)
{
	size_t count = 0;

	while (count < most && !mprotect(place + 2 * count * HP_TEST_PAGE, HP_TEST_PAGE, PROT_READ))
		count++;
	g_assert_cmpuint(count, <, most);
	for (size_t i = 0; i < spare / 2; i++)
		mprotect(place + 2 * i * HP_TEST_PAGE, HP_TEST_PAGE, PROT_NONE);
	return count;
}

static void run_without_mappings(size_t spare)
{
	enum { MOST = 1 << 16 };
	size_t bytes = 2 * (size_t)MOST * HP_TEST_PAGE;
	void *held = hp_malloc(5 * HP_MIB);
	char *place =
		mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	g_assert_true(place != MAP_FAILED);
	hp_test_fill(held, 5 * HP_MIB, 1);
	fill_mappings(place, MOST, spare);
	use_the_heap();
	hp_trim(0);
	use_the_heap();
	g_assert_true(hp_test_is_filled(held, 5 * HP_MIB, 1));
	hp_free(held);
	use_the_heap();
	munmap(place, bytes);
	g_assert_true(use_the_heap());
}

static bool has_a_usual_map_count(void)
{
	char *text = NULL;
	bool is_usual = g_file_get_contents("/proc/sys/vm/max_map_count", &text, NULL, NULL) &&
			g_ascii_strtoull(text, NULL, 10) < 65536;

	g_free(text);
	if (!is_usual)
		hp_test_skip("vm.max_map_count is larger than usual");
	return is_usual;
}

static void without_a_mapping_left_requests_are_refused_or_not(void)
{
	if (has_a_usual_map_count() && !hp_test_skips_measures() && hp_test_fresh(""))
		run_without_mappings(0);
}

static void without_a_mapping_left_the_pool_is_no_trap(void)
{
	if (has_a_usual_map_count() && !hp_test_skips_measures() &&
	    hp_test_fresh_with_pool("HPALLOC_WARMUP=0", POOL_PAGES))
		run_without_mappings(0);
}

static void with_few_mappings_left_the_pool_is_no_trap(void)
{
	if (has_a_usual_map_count() && !hp_test_skips_measures() &&
	    hp_test_fresh_with_pool("HPALLOC_WARMUP=0", POOL_PAGES))
		run_without_mappings(6);
}

static void surplus_pages_alone_are_used(void)
{
	FILE *file;

	if (!hp_test_fresh_with_pool("HPALLOC_WARMUP=0", 0))
		return;
	/* The pool's guardian puts it back. */
	file = fopen("/proc/sys/vm/nr_overcommit_hugepages", "we");
	g_assert_true(file && fprintf(file, "%u", POOL_PAGES) > 0 && fclose(file) == 0);
	hp_free(hp_malloc(9 * HP_MIB));
	g_assert_cmpuint(hp_test_stats().peak_hugetlb_bytes, >=, 8 * HP_MIB);
	g_assert_true(use_the_heap());
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/environments/transparent-huge-pages-forbidden-by-prctl-are-not-used",
			transparent_huge_pages_forbidden_by_prctl_are_not_used);
	g_test_add_func("/environments/a-user-namespace-can-be-left", a_user_namespace_can_be_left);
	g_test_add_func("/environments/a-user-namespace-can-be-left-with-a-pool",
			a_user_namespace_can_be_left_with_a_pool);
	g_test_add_func("/environments/a-stack-of-64-kb-is-enough", a_stack_of_64_kb_is_enough);
	g_test_add_func("/environments/a-stack-of-64-kb-is-enough-with-a-pool",
			a_stack_of_64_kb_is_enough_with_a_pool);
	g_test_add_func("/environments/a-full-address-space-is-enomem-and-no-more",
			a_full_address_space_is_enomem_and_no_more);
	g_test_add_func("/environments/a-full-address-space-is-enomem-and-no-more-with-a-pool",
			a_full_address_space_is_enomem_and_no_more_with_a_pool);
	g_test_add_func("/environments/without-a-mapping-left-requests-are-refused-or-not",
			without_a_mapping_left_requests_are_refused_or_not);
	g_test_add_func("/environments/without-a-mapping-left-the-pool-is-no-trap",
			without_a_mapping_left_the_pool_is_no_trap);
	g_test_add_func("/environments/with-few-mappings-left-the-pool-is-no-trap",
			with_few_mappings_left_the_pool_is_no_trap);
	g_test_add_func("/environments/surplus-pages-alone-are-used", surplus_pages_alone_are_used);
	return g_test_run();
}

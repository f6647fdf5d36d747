/* hp_option_set() and hp_option_get(): what may change, that it counts, and what is refused. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "support.h"

static void reads_as(const char *name, const char *text)
{
	char value[24];

	g_assert_cmpint(hp_option_get(name, value, sizeof(value)), ==, 0);
	g_assert_cmpstr(value, ==, text);
}

static void what_the_environment_said_is_read(void)
{
	char small[4] = "abc";

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_DECAY_MS=77 HPALLOC_LIMIT=1G "
			   "HPALLOC_STRICT=1"))
		return;
	reads_as("backing", "thp");
	reads_as("decay_ms", "77");
	reads_as("limit", "1073741824");
	reads_as("strict", "1");
	reads_as("limit_soft", "default");
	reads_as("idle_max", "default");
	reads_as("hugetlbfs", "default");
	g_assert_cmpint(hp_option_get("limit", small, sizeof(small)), ==, ERANGE);
	g_assert_cmpstr(small, ==, "abc");
	g_assert_cmpint(hp_option_get("limits", small, sizeof(small)), ==, EINVAL);
	g_assert_cmpint(hp_option_get("", small, sizeof(small)), ==, EINVAL);
}

static void what_is_set_is_read(void)
{
	static const char *const texts[][3] = {
		{ "decay_ms", "5", "5" },
		{ "idle_max", "1M", "1048576" },
		{ "lazy_min", "4M", "4194304" },
		{ "limit", "1G", "1073741824" },
		{ "limit_soft", "2G", "2147483648" },
		{ "pool_leave", "2M", "2097152" },
		{ "pool_max", "0", "0" },
	};

	if (!hp_test_fresh(""))
		return;
	for (size_t i = 0; i < HP_TEST_COUNT(texts); i++) {
		HP_TEST_KEEPS_ERRNO(
			g_assert_cmpint(hp_option_set(texts[i][0], texts[i][1]), ==, 0));
		reads_as(texts[i][0], texts[i][2]);
		g_assert_cmpint(hp_option_set(texts[i][0], "default"), ==, 0);
	}
	reads_as("decay_ms", "1000");
	reads_as("limit", "default");
	reads_as("pool_leave", "0");
}

static void what_is_no_value_changes_nothing(void)
{
	if (!hp_test_fresh(""))
		return;
	g_assert_cmpint(hp_option_set("decay_ms", "3600001"), ==, EINVAL);
	g_assert_cmpint(hp_option_set("decay_ms", ""), ==, EINVAL);
	g_assert_cmpint(hp_option_set("limit", "1M"), ==, EINVAL);
	g_assert_cmpint(hp_option_set("limit", "many"), ==, EINVAL);
	g_assert_cmpint(hp_option_set("DECAY_MS", "1"), ==, EINVAL);
	reads_as("decay_ms", "1000");
	reads_as("limit", "default");
}

/* Each option is decided upon, once; the fixed ones are refused. */
static void every_option_is_live_or_fixed(void)
{
	static const char *const options[] = {
#define HP_OPTION_SIZE(name, value, min, max, help) #name,
#define HP_OPTION_UINT(name, value, min, max, help) #name,
#define HP_OPTION_BOOL(name, value, help) #name,
#define HP_OPTION_CHOICE(name, value, help) #name,
#define HP_OPTION_TEXT(name, help) #name,
#include "rt/options.def"
	};
	static const struct {
		const char *name;
		bool is_live;
	} decided[] = {
#define HP_LIVE(name, reason) { #name, true },
#define HP_FIXED(name, reason) { #name, false },
#include "rt/options_live.def"
	};

	for (size_t i = 0; i < HP_TEST_COUNT(options); i++) {
		unsigned found = 0;

		for (size_t k = 0; k < HP_TEST_COUNT(decided); k++) {
			if (strcmp(options[i], decided[k].name) != 0)
				continue;
			found++;
			g_assert_cmpint(hp_option_set(options[i], "default"), ==,
					decided[k].is_live ? 0 : EPERM);
		}
		if (!found)
			g_test_message("options_live.def lacks %s", options[i]);
		g_assert_cmpuint(found, ==, 1);
	}
	g_assert_cmpuint(HP_TEST_COUNT(options), ==, HP_TEST_COUNT(decided));
}

static void a_limit_counts_from_then_on(void)
{
	void *block, *other;

	if (!hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	block = hp_malloc(30 * HP_MIB);
	g_assert_nonnull(block);
	g_assert_cmpint(hp_option_set("limit", "20M"), ==, 0);
	hp_test_touch(block, 30 * HP_MIB);
	HP_TEST_TOO_MUCH(hp_malloc(5 * HP_MIB));
	g_assert_cmpint(hp_option_set("limit", "default"), ==, 0);
	other = hp_malloc(5 * HP_MIB);
	g_assert_nonnull(other);
	hp_free(other);
	hp_free(block);
}

static void the_decay_and_the_bound_change(void)
{
	void *blocks[8];

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0 HPALLOC_DECAY_MS=3600000"))
		return;
	g_assert_cmpint(hp_option_set("idle_max", "64M"), ==, 0);
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++) {
		blocks[i] = hp_malloc(1900 * HP_KIB);
		hp_test_touch(blocks[i], 1900 * HP_KIB);
	}
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		hp_free(blocks[i]);
	hp_thread_idle();
	g_assert_cmpuint(hp_test_stats().idle_bytes, >=, 8 * HP_TEST_HUGEPAGE);
	g_assert_cmpint(hp_option_set("decay_ms", "1"), ==, 0);
	hp_test_sleep_ms(20);
	for (size_t i = 0; i < 1000; i++)
		hp_free(hp_malloc(500000));
	if (!hp_test_is_hardened())
		g_assert_cmpuint(hp_test_stats().idle_bytes, <=, 2 * HP_TEST_HUGEPAGE);
}

static void a_soft_limit_ends_all_keeping(void)
{
	void *block;

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0 HPALLOC_IDLE_MAX=64M"))
		return;
	g_assert_cmpint(hp_option_set("limit_soft", "4M"), ==, 0);
	block = hp_malloc(20 * HP_MIB);
	hp_test_touch(block, 20 * HP_MIB);
	hp_free(block);
	hp_thread_idle();
	g_assert_cmpuint(hp_test_stats().idle_bytes, <=, 4 * HP_MIB);
}

static void *use_the_heap(void *unused)
{
	for (size_t i = 0; i < 3000; i++)
		hp_free(hp_malloc(i * 997 % (i % 50 ? 20000 : 5 * HP_MIB)));
	return unused;
}

static void options_change_while_threads_use_them(void)
{
	pthread_t threads[3];

	if (!hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, use_the_heap, NULL), ==, 0);
	for (size_t i = 0; i < 500; i++) {
		hp_option_set("decay_ms", i % 2 ? "0" : "1000");
		hp_option_set("idle_max", i % 3 ? "0" : "8M");
		hp_option_set("limit", i % 5 ? "default" : "4G");
		hp_option_set("limit_soft", i % 7 ? "default" : "2M");
		hp_option_set("lazy_min", i % 2 ? "2M" : "32M");
		hp_option_set("pool_leave", i % 2 ? "1G" : "0");
		hp_option_set("pool_max", i % 2 ? "0" : "default");
	}
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/option/what-the-environment-said-is-read",
			what_the_environment_said_is_read);
	g_test_add_func("/option/what-is-set-is-read", what_is_set_is_read);
	g_test_add_func("/option/what-is-no-value-changes-nothing",
			what_is_no_value_changes_nothing);
	g_test_add_func("/option/every-option-is-live-or-fixed", every_option_is_live_or_fixed);
	g_test_add_func("/option/a-limit-counts-from-then-on", a_limit_counts_from_then_on);
	g_test_add_func("/option/the-decay-and-the-bound-change", the_decay_and_the_bound_change);
	g_test_add_func("/option/a-soft-limit-ends-all-keeping", a_soft_limit_ends_all_keeping);
	g_test_add_func("/option/options-change-while-threads-use-them",
			options_change_while_threads_use_them);
	return g_test_run();
}

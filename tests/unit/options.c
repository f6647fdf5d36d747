/*
 * The HPALLOC_* variables: each value does what options.def says; a bad value and an unknown name
 * give exactly one line on standard error, and the default.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <hpalloc/publish.h>

#include "support.h"

static void take_and_touch(void **out_block, size_t bytes)
{
	*out_block = hp_malloc(bytes);
	g_assert_nonnull(*out_block);
	hp_test_touch(*out_block, bytes);
}

static void base_backing_uses_no_huge_page(void)
{
	struct hp_stats stats;
	void *block;

	if (!hp_test_fresh("HPALLOC_BACKING=base"))
		return;
	take_and_touch(&block, 20 * HP_MIB);
	stats = hp_test_stats();
	g_assert_cmpuint(stats.base_bytes, ==, stats.heap_bytes);
	g_assert_cmpuint(stats.base_bytes, >=, 20 * HP_MIB);
	if (!HP_TEST_ASAN && !HP_TEST_TSAN)
		g_assert_cmpuint(hp_test_proc_bytes("/proc/self/smaps_rollup", "AnonHugePages:"),
				 ==, 0);
	hp_free(block);
}

static void thp_backing_uses_transparent_huge_pages(void)
{
	struct hp_stats stats;
	void *block;

	if (!hp_test_fresh("HPALLOC_BACKING=thp"))
		return;
	take_and_touch(&block, 20 * HP_MIB);
	stats = hp_test_stats();
	if (stats.fallbacks[HP_FALLBACK_THP_OFF] == 0)
		g_assert_cmpuint(stats.thp_bytes, >=, 20 * HP_MIB);
	else
		g_assert_cmpuint(stats.base_bytes, >=, 20 * HP_MIB);
	g_assert_cmpuint(stats.hugetlb_bytes, ==, 0);
	hp_free(block);
}

static void warmup_is_the_part_on_base_pages(void)
{
	void *blocks[64];

	if (!hp_test_fresh("HPALLOC_WARMUP=1M"))
		return;
	for (size_t i = 0; i < 32; i++)
		take_and_touch(&blocks[i], 16 * HP_KIB);
	g_assert_cmpuint(hp_test_stats().thp_bytes, ==, 0);
	g_assert_cmpuint(hp_test_stats().base_bytes, >=, 512 * HP_KIB);
	g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_WARMUP], >=, 1);
	for (size_t i = 32; i < 64; i++)
		take_and_touch(&blocks[i], 100 * HP_KIB);
	if (hp_test_stats().fallbacks[HP_FALLBACK_THP_OFF] == 0)
		g_assert_cmpuint(hp_test_stats().base_bytes, ==, 0);
	for (size_t i = 0; i < HP_TEST_COUNT(blocks); i++)
		hp_free(blocks[i]);
}

static void no_warmup_starts_on_huge_pages(void)
{
	void *block;

	if (!hp_test_fresh("HPALLOC_BACKING=thp HPALLOC_WARMUP=0"))
		return;
	take_and_touch(&block, 100);
	if (hp_test_stats().fallbacks[HP_FALLBACK_THP_OFF] == 0)
		g_assert_cmpuint(hp_test_stats().base_bytes, ==, 0);
	g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_WARMUP], ==, 0);
	hp_free(block);
}

static void idle_after_freeing(size_t bytes, size_t least, size_t most)
{
	void *block;
	size_t idle;

	take_and_touch(&block, bytes);
	hp_free(block);
	idle = hp_test_stats().idle_bytes;
	g_assert_cmpuint(idle, >=, least);
	g_assert_cmpuint(idle, <=, most);
}

static void idle_max_bounds_what_is_kept(void)
{
	if (hp_test_fresh("HPALLOC_IDLE_MAX=16M"))
		idle_after_freeing(30 * HP_MIB, 12 * HP_MIB, 16 * HP_MIB);
}

static void idle_max_0_keeps_nothing(void)
{
	if (hp_test_fresh("HPALLOC_IDLE_MAX=0"))
		idle_after_freeing(30 * HP_MIB, 0, 0);
}

static void the_default_keeps_little(void)
{
	if (hp_test_fresh(""))
		idle_after_freeing(200 * HP_MIB, 0, 12 * HP_MIB);
}

static void pass_slow_paths(void)
{
	for (int i = 0; i < 100; i++)
		hp_free(hp_malloc(200 * HP_KIB));
}

static void decay_ms_is_the_time_before_memory_goes(void)
{
	if (!hp_test_fresh("HPALLOC_DECAY_MS=300 HPALLOC_IDLE_MAX=64M"))
		return;
	idle_after_freeing(30 * HP_MIB, 28 * HP_MIB, 32 * HP_MIB);
	hp_test_sleep_ms(100);
	pass_slow_paths();
	g_assert_cmpuint(hp_test_stats().idle_bytes, >=, 24 * HP_MIB);
	for (int i = 0; i < 6; i++) {
		hp_test_sleep_ms(100);
		pass_slow_paths();
	}
	g_assert_cmpuint(hp_test_stats().idle_bytes, <=, 2 * HP_TEST_HUGEPAGE);
}

static void publish_keeps_counters_in_a_file(void)
{
	struct hp_published published;
	char *path = g_strdup_printf("/tmp/hp-test-publish-%d", (int)getpid());
	char *environment = g_strdup_printf("HPALLOC_PUBLISH=%s", path);
	gsize length;
	char *content;

	if (g_test_subprocess()) {
		void *block;

		take_and_touch(&block, 20 * HP_MIB);
		g_free(environment);
		g_free(path);
		return;
	}
	memset(&published, 0, sizeof(published));
	g_assert_true(g_file_set_contents_full(path, (char *)&published, sizeof(published),
					       G_FILE_SET_CONTENTS_NONE, 0600, NULL));
	hp_test_fresh(environment);
	g_assert_true(g_file_get_contents(path, &content, &length, NULL));
	g_assert_cmpuint(length, ==, sizeof(published));
	memcpy(&published, content, length);
	g_assert_cmpuint(published.magic, ==, HP_PUBLISHED_MAGIC);
	g_assert_cmpuint(published.sequence % 2, ==, 0);
	g_assert_cmpuint(published.stats.peak_bytes, >=, 20 * HP_MIB);
	g_assert_cmpuint(published.stats.peak_thp_bytes + published.stats.peak_base_bytes +
				 published.stats.peak_hugetlb_bytes,
			 ==, published.stats.peak_bytes);
	unlink(path);
	g_free(content);
	g_free(environment);
	g_free(path);
}

static void publish_never_creates_a_file(void)
{
	const char *path = "/tmp/hp-test-publish-no-such-file";

	if (!hp_test_fresh("HPALLOC_PUBLISH=/tmp/hp-test-publish-no-such-file"))
		return;
	hp_free(hp_malloc(100));
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* In its own process: the new one said one line that begins so, and did well otherwise. */
static void said_one_line(const char *start)
{
	char *pattern = g_strdup_printf("hpalloc: %s*\n", start);

	g_test_trap_assert_passed();
	g_test_trap_assert_stderr(pattern);
	g_test_trap_assert_stderr_unmatched("*hpalloc*hpalloc: *");
	g_test_trap_assert_stderr_unmatched("*\n*\n*");
	g_free(pattern);
}

/* The heap behaves as by default: warm-up, then transparent huge pages, little kept. */
static void the_heap_is_as_by_default(void)
{
	void *block;

	take_and_touch(&block, 100);
	g_assert_cmpuint(hp_test_stats().thp_bytes, ==, 0);
	hp_free(block);
	idle_after_freeing(40 * HP_MIB, 0, 8 * HP_MIB);
}

static void each_bad_value_gives_one_line_and_the_default(gconstpointer setting)
{
	if (hp_test_trapped(setting))
		the_heap_is_as_by_default();
	else
		said_one_line(setting);
}

static void each_good_value_is_silent(gconstpointer setting)
{
	if (hp_test_trapped(setting)) {
		hp_free(hp_malloc(100));
		return;
	}
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr("");
}

static void an_empty_setting_is_named_too(void)
{
	if (hp_test_trapped("HPALLOC_BACKING="))
		hp_free(hp_malloc(100));
	else
		said_one_line("HPALLOC_BACKING=");
}

static void a_mount_that_is_none_gives_one_line(void)
{
	if (hp_test_trapped("HPALLOC_BACKING=auto HPALLOC_HUGETLBFS=/no/such/directory"))
		hp_free(hp_malloc(100));
	else
		said_one_line("HPALLOC_HUGETLBFS=/no/such/directory");
}

/* So long that no line would have room for it and the reason, but a path all the same. */
static void a_long_name_of_a_mount_does_not_hide_the_reason(void)
{
	char *name = g_strnfill(250, 'x');
	char *setting = g_strdup_printf("HPALLOC_BACKING=auto HPALLOC_HUGETLBFS=/%s/%s/%s", name,
					name, name);

	if (hp_test_trapped(setting)) {
		hp_free(hp_malloc(100));
	} else {
		g_test_trap_assert_passed();
		g_test_trap_assert_stderr("hpalloc: HPALLOC_HUGETLBFS=/xxx*xxx... can't be used "
					  "(error 2), ignored\n");
	}
	g_free(setting);
	g_free(name);
}

static void two_mistakes_give_two_lines(void)
{
	if (hp_test_trapped("HPALLOC_BACKING=gold HPALLOC_DECAY_MS=soon")) {
		hp_free(hp_malloc(100));
		return;
	}
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr("hpalloc: *\nhpalloc: *\n");
	g_test_trap_assert_stderr_unmatched("*\n*\n*\n*");
}

static void a_setting_of_any_length_is_survived(void)
{
	char *text = g_strnfill(100000, 'x');
	char *setting = g_strdup_printf("HPALLOC_HUGETLBFS=%s", text);

	if (hp_test_trapped(setting)) {
		hp_free(hp_malloc(100));
	} else {
		g_test_trap_assert_passed();
		g_test_trap_assert_stderr("hpalloc: *\n");
		g_test_trap_assert_stderr_unmatched("*\n*\n*");
	}
	g_free(setting);
	g_free(text);
}

static const char *const bad_settings[] = {
	"HPALLOC_BACKING=gold",
	"HPALLOC_BACKING=THP",
	"HPALLOC_STRICT=2",
	"HPALLOC_STRICT=yes",
	"HPALLOC_WARMUP=3M",
	"HPALLOC_WARMUP=-1",
	"HPALLOC_WARMUP=1Q",
	"HPALLOC_WARMUP=M",
	"HPALLOC_DECAY_MS=abc",
	"HPALLOC_DECAY_MS=-1",
	"HPALLOC_DECAY_MS=3600001",
	"HPALLOC_DECAY_MS=1K",
	"HPALLOC_DECAY_MS=99999999999999999999",
	"HPALLOC_IDLE_MAX=much",
	"HPALLOC_IDLE_MAX=0x10",
	"HPALLOC_IDLE_MAX=99999999999T",
	"HPALLOC_IDLE_MAX=64MB",
	"HPALLOC_LAZY_MIN=1K",
	"HPALLOC_NONSENSE=1",
	"HPALLOC_=1",
	"HPALLOC_decay_ms=5",
	"HPALLOC_DECAY_MSX=5",
};

static const char *const good_settings[] = {
	"HPALLOC_BACKING=auto",	 "HPALLOC_BACKING=hugetlb",  "HPALLOC_BACKING=thp",
	"HPALLOC_BACKING=base",	 "HPALLOC_STRICT=0",	     "HPALLOC_STRICT=1",
	"HPALLOC_WARMUP=0",	 "HPALLOC_WARMUP=64K",	     "HPALLOC_WARMUP=2M",
	"HPALLOC_DECAY_MS=0",	 "HPALLOC_DECAY_MS=3600000", "HPALLOC_IDLE_MAX=0",
	"HPALLOC_IDLE_MAX=4096", "HPALLOC_IDLE_MAX=1G",	     "HPALLOC_IDLE_MAX=1T",
	"HPALLOC_LAZY_MIN=2M",	 "HPALLOC_LAZY_MIN=1T",	     "HPALLOX=1",
};

static void add_for_each(const char *group, const char *const *settings, size_t count,
			 GTestDataFunc function)
{
	for (size_t i = 0; i < count; i++) {
		char *path = g_strdup_printf("/options/%s/%s", group, settings[i]);

		g_strdelimit(path + strlen("/options/") + strlen(group) + 1, "/", '-');
		g_test_add_data_func(path, settings[i], function);
		g_free(path);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/options/base-backing-uses-no-huge-page", base_backing_uses_no_huge_page);
	g_test_add_func("/options/thp-backing-uses-transparent-huge-pages",
			thp_backing_uses_transparent_huge_pages);
	g_test_add_func("/options/warmup-is-the-part-on-base-pages",
			warmup_is_the_part_on_base_pages);
	g_test_add_func("/options/no-warmup-starts-on-huge-pages", no_warmup_starts_on_huge_pages);
	g_test_add_func("/options/idle-max-bounds-what-is-kept", idle_max_bounds_what_is_kept);
	g_test_add_func("/options/idle-max-0-keeps-nothing", idle_max_0_keeps_nothing);
	g_test_add_func("/options/the-default-keeps-little", the_default_keeps_little);
	g_test_add_func("/options/decay-ms-is-the-time-before-memory-goes",
			decay_ms_is_the_time_before_memory_goes);
	g_test_add_func("/options/publish-keeps-counters-in-a-file",
			publish_keeps_counters_in_a_file);
	g_test_add_func("/options/publish-never-creates-a-file", publish_never_creates_a_file);
	g_test_add_func("/options/an-empty-setting-is-named-too", an_empty_setting_is_named_too);
	g_test_add_func("/options/a-mount-that-is-none-gives-one-line",
			a_mount_that_is_none_gives_one_line);
	g_test_add_func("/options/a-long-name-of-a-mount-does-not-hide-the-reason",
			a_long_name_of_a_mount_does_not_hide_the_reason);
	g_test_add_func("/options/two-mistakes-give-two-lines", two_mistakes_give_two_lines);
	g_test_add_func("/options/a-setting-of-any-length-is-survived",
			a_setting_of_any_length_is_survived);
	add_for_each("bad-value-gives-one-line", bad_settings, HP_TEST_COUNT(bad_settings),
		     each_bad_value_gives_one_line_and_the_default);
	add_for_each("good-value-is-silent", good_settings, HP_TEST_COUNT(good_settings),
		     each_good_value_is_silent);
	return g_test_run();
}

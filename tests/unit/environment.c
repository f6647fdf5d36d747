/*
 * Hostile surroundings: settings of any bytes and any length, files that are not what
 * HPALLOC_PUBLISH takes them for, directories that are no hugetlbfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hpalloc/publish.h>

#include "os/os.h"
#include "rt/counters.h"
#include "rt/options.h"
#include "support.h"

enum { LINE_MAX_BYTES = 512, NOBODY = 65534 };

/* ---- what the library says of a setting ---- */

/* Reads the one setting; returns what went to standard error, for g_free(). */
static char *said_of(char *setting)
{
	char *environment[] = { setting, NULL };
	int kept = dup(STDERR_FILENO), file = memfd_create("said", 0);
	char *text = g_malloc0(1 << 20);

	g_assert_cmpint(dup2(file, STDERR_FILENO), >=, 0);
	hp_options_read(environment);
	g_assert_cmpint(dup2(kept, STDERR_FILENO), >=, 0);
	g_assert_cmpint(pread(file, text, (1 << 20) - 1, 0), >=, 0);
	close(kept);
	close(file);
	return text;
}

static void is_one_harmless_line(const char *text)
{
	size_t length = strlen(text);

	g_assert_true(g_str_has_prefix(text, "hpalloc: HPALLOC_"));
	g_assert_true(g_str_has_suffix(text, "'hpalloc options' lists them\n"));
	g_assert_cmpuint(length, <=, LINE_MAX_BYTES);
	for (size_t i = 0; i < length - 1; i++)
		g_assert_true(text[i] >= ' ' && text[i] <= '~');
}

static const char *const names[] = {
	"BACKING", "STRICT", "WARMUP", "DECAY_MS", "IDLE_MAX", "LAZY_MIN", "NO_SUCH_NAME", "",
};

static void every_byte_is_survived_in_one_line(void)
{
	char bytes[256];

	for (int i = 0; i < 255; i++)
		bytes[i] = (char)(i + 1);
	bytes[255] = '\0';
	for (size_t i = 0; i < HP_TEST_COUNT(names); i++) {
		char *setting = g_strdup_printf("HPALLOC_%s=%s", names[i], bytes);
		char *text = said_of(setting);

		is_one_harmless_line(text);
		g_free(text);
		g_free(setting);
	}
}

static void a_name_of_any_bytes_is_one_line(void)
{
	char setting[] = "HPALLOC_\n\033[2J\xff\x9b=\nhpalloc: all is well";
	char *text = said_of(setting);

	is_one_harmless_line(text);
	g_free(text);
}

static void a_megabyte_is_survived_in_one_line(void)
{
	char *filling = g_strnfill(1 << 20, '9');

	for (size_t i = 0; i < HP_TEST_COUNT(names); i++) {
		char *setting = g_strdup_printf("HPALLOC_%s=%s", names[i], filling);
		char *text = said_of(setting);

		is_one_harmless_line(text);
		g_free(text);
		g_free(setting);
	}
	g_free(filling);
}

static void a_text_of_a_megabyte_is_refused(gconstpointer name)
{
	char *filling = g_strnfill(1 << 20, '/');
	char *setting = g_strdup_printf("%s=%s", (const char *)name, filling);
	char *text = said_of(setting);

	is_one_harmless_line(text);
	g_free(text);
	g_free(setting);
	g_free(filling);
}

/* ---- the file of HPALLOC_PUBLISH ---- */

struct place {
	char *directory, *file, *other;
};

static void make_file(const char *path, mode_t mode, size_t bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(ftruncate(fd, (off_t)bytes), ==, 0);
	g_assert_cmpint(fchmod(fd, mode), ==, 0);
	close(fd);
}

static void make_place(struct place *place, gconstpointer unused)
{
	(void)unused;
	place->directory = g_dir_make_tmp("hp-publish-XXXXXX", NULL);
	g_assert_nonnull(place->directory);
	place->file = g_build_filename(place->directory, "file", NULL);
	place->other = g_build_filename(place->directory, "other", NULL);
}

static void drop_place(struct place *place, gconstpointer unused)
{
	(void)unused;
	unlink(place->file);
	if (unlink(place->other))
		rmdir(place->other);
	g_assert_cmpint(rmdir(place->directory), ==, 0);
	g_free(place->other);
	g_free(place->file);
	g_free(place->directory);
}

static int map(const char *path)
{
	void *page = NULL;
	int error = hp_os_publish_map(path, sizeof(struct hp_published), &page);

	g_assert_true(error ? !page : page != NULL);
	if (!error)
		hp_os_release(page, HP_PAGE_BYTES);
	return error;
}

static void a_file_of_ones_own_is_taken(struct place *place, gconstpointer unused)
{
	(void)unused;
	make_file(place->file, 0600, sizeof(struct hp_published));
	g_assert_cmpint(map(place->file), ==, 0);
}

static void a_link_is_refused(struct place *place, gconstpointer unused)
{
	(void)unused;
	make_file(place->file, 0600, sizeof(struct hp_published));
	g_assert_cmpint(symlink(place->file, place->other), ==, 0);
	g_assert_cmpint(map(place->other), ==, -ELOOP);
}

static void a_link_on_the_way_is_refused(struct place *place, gconstpointer unused)
{
	char *path = g_build_filename(place->other, "file", NULL);

	(void)unused;
	make_file(place->file, 0600, sizeof(struct hp_published));
	g_assert_cmpint(symlink(place->directory, place->other), ==, 0);
	if (syscall(SYS_openat2, AT_FDCWD, "/", NULL, 0) < 0 && errno != EINVAL)
		hp_test_skip("openat2 can't be had here");
	else
		g_assert_cmpint(map(path), ==, -ELOOP);
	g_free(path);
}

static void a_second_name_is_refused(struct place *place, gconstpointer unused)
{
	(void)unused;
	make_file(place->file, 0600, sizeof(struct hp_published));
	g_assert_cmpint(link(place->file, place->other), ==, 0);
	g_assert_cmpint(map(place->file), ==, -EINVAL);
}

static void a_file_that_others_write_is_refused(struct place *place, gconstpointer unused)
{
	(void)unused;
	make_file(place->file, 0620, sizeof(struct hp_published));
	make_file(place->other, 0602, sizeof(struct hp_published));
	g_assert_cmpint(map(place->file), ==, -EINVAL);
	g_assert_cmpint(map(place->other), ==, -EINVAL);
}

static void a_file_too_short_is_refused(struct place *place, gconstpointer unused)
{
	(void)unused;
	make_file(place->file, 0600, sizeof(struct hp_published) - 1);
	g_assert_cmpint(map(place->file), ==, -EINVAL);
}

static void what_is_no_file_is_refused(struct place *place, gconstpointer unused)
{
	(void)unused;
	g_assert_cmpint(mkfifo(place->file, 0600), ==, 0);
	g_assert_cmpint(map(place->file), ==, -EINVAL);
	g_assert_cmpint(map(place->directory), ==, -EISDIR);
	g_assert_cmpint(map("/dev/zero"), ==, -EINVAL);
	g_assert_cmpint(map(place->other), ==, -ENOENT);
}

static void another_users_file_is_refused(struct place *place, gconstpointer unused)
{
	(void)unused;
	if (geteuid()) {
		hp_test_skip("needs root to make a file another user's");
		return;
	}
	make_file(place->file, 0600, sizeof(struct hp_published));
	g_assert_cmpint(chown(place->file, NOBODY, NOBODY), ==, 0);
	g_assert_cmpint(map(place->file), ==, -EINVAL);
}

/* A hole that can't be filled: the first write into it would be SIGBUS. */
static void a_hole_on_a_full_file_system_is_refused(struct place *place, gconstpointer unused)
{
	char *full = g_build_filename(place->other, "full", NULL);
	char *hole = g_build_filename(place->other, "hole", NULL);
	char *text = g_strnfill(HP_MIB, 'x');

	(void)unused;
	g_assert_cmpint(mkdir(place->other, 0700), ==, 0);
	if (mount("none", place->other, "tmpfs", 0, "size=64k,huge=never") == 0) {
		g_assert_false(g_file_set_contents_full(full, text, HP_MIB,
							G_FILE_SET_CONTENTS_NONE, 0600, NULL));
		make_file(hole, 0600, sizeof(struct hp_published));
		g_assert_cmpint(map(hole), <, 0);
		g_assert_cmpint(umount(place->other), ==, 0);
	} else {
		hp_test_skip("tmpfs can't be mounted here");
	}
	g_free(text);
	g_free(hole);
	g_free(full);
}

static void what_holds_anything_else_stays_as_it_is(void)
{
	static struct hp_published page;

	memcpy(&page.magic, "-----BEG", sizeof(page.magic));
	g_assert_false(hp_counters_publish(&page, getpid()));
	g_assert_cmpmem(&page.magic, sizeof(page.magic), "-----BEG", 8);
}

/* ---- hugetlbfs ---- */

static void no_file_is_made_outside_of_hugetlbfs(void)
{
	char *directory = g_dir_make_tmp("hp-no-hugetlbfs-XXXXXX", NULL);
	struct stat before, after;
	int fd = -1;

	g_assert_cmpint(stat(directory, &before), ==, 0);
	g_assert_cmpint(hp_os_hugetlbfs_open(directory, &fd), ==, -EINVAL);
	g_assert_cmpint(stat(directory, &after), ==, 0);
	g_assert_cmpint(before.st_mtim.tv_nsec, ==, after.st_mtim.tv_nsec);
	g_assert_cmpint(fd, ==, -1);
	g_assert_cmpint(rmdir(directory), ==, 0);
	g_free(directory);
}

static void add_file_test(const char *name, void (*function)(struct place *, gconstpointer))
{
	char *path = g_strdup_printf("/environment/publish/%s", name);

	g_test_add(path, struct place, NULL, make_place, function, drop_place);
	g_free(path);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/environment/every-byte-is-survived-in-one-line",
			every_byte_is_survived_in_one_line);
	g_test_add_func("/environment/a-name-of-any-bytes-is-one-line",
			a_name_of_any_bytes_is_one_line);
	g_test_add_func("/environment/a-megabyte-is-survived-in-one-line",
			a_megabyte_is_survived_in_one_line);
	g_test_add_data_func("/environment/a-megabyte-of-publish-is-refused", "HPALLOC_PUBLISH",
			     a_text_of_a_megabyte_is_refused);
	g_test_add_data_func("/environment/a-megabyte-of-hugetlbfs-is-refused", "HPALLOC_HUGETLBFS",
			     a_text_of_a_megabyte_is_refused);
	add_file_test("a-file-of-ones-own-is-taken", a_file_of_ones_own_is_taken);
	add_file_test("a-link-is-refused", a_link_is_refused);
	add_file_test("a-link-on-the-way-is-refused", a_link_on_the_way_is_refused);
	add_file_test("a-second-name-is-refused", a_second_name_is_refused);
	add_file_test("a-file-that-others-write-is-refused", a_file_that_others_write_is_refused);
	add_file_test("a-file-too-short-is-refused", a_file_too_short_is_refused);
	add_file_test("what-is-no-file-is-refused", what_is_no_file_is_refused);
	add_file_test("another-users-file-is-refused", another_users_file_is_refused);
	add_file_test("a-hole-on-a-full-file-system-is-refused",
		      a_hole_on_a_full_file_system_is_refused);
	g_test_add_func("/environment/publish/what-holds-anything-else-stays-as-it-is",
			what_holds_anything_else_stays_as_it_is);
	g_test_add_func("/environment/no-file-is-made-outside-of-hugetlbfs",
			no_file_is_made_outside_of_hugetlbfs);
	return g_test_run();
}

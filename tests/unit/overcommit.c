/*
 * vm.overcommit_memory=2: memory that is made writable is charged and can be refused. As root, for
 * the machine as a whole: it lasts a moment, in which other programs may be refused memory too, and
 * is put back whatever happens to the child. In the suite `long`; `fault` has the same refusals.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define MODE "/proc/sys/vm/overcommit_memory"
#define LIMIT "/proc/sys/vm/overcommit_kbytes"

enum { ROOM_MB = 256, BLOCKS = 4096, CHILD_SECONDS = 20 };

static bool read_number(const char *path, uint64_t *out_number)
{
	FILE *file = fopen(path, "re");
	bool is_read = file && fscanf(file, "%" G_GUINT64_FORMAT, out_number) == 1;

	if (file)
		fclose(file);
	return is_read;
}

static bool write_number(const char *path, uint64_t number)
{
	FILE *file = fopen(path, "we");
	bool is_written = file && fprintf(file, "%" G_GUINT64_FORMAT, number) > 0;

	if (file && fclose(file) != 0)
		is_written = false;
	return is_written;
}

/* Takes blocks until one is refused: the others are whole, and there is room again without them. */
static void fill_up_and_go_on(size_t bytes)
{
	static void *blocks[BLOCKS];
	size_t count = 0;

	while (count < BLOCKS && (blocks[count] = hp_malloc(bytes))) {
		hp_test_fill(blocks[count], bytes, count);
		count++;
	}
	g_assert_cmpuint(count, >, 0);
	g_assert_cmpuint(count, <, BLOCKS);
	g_assert_cmpint(errno, ==, ENOMEM);
	for (size_t i = 0; i < count; i++)
		g_assert_true(hp_test_is_filled(blocks[i], bytes, i));
	for (size_t i = 0; i < count; i++)
		hp_free(blocks[i]);
	blocks[0] = hp_malloc(bytes);
	g_assert_nonnull(blocks[0]);
	hp_test_fill(blocks[0], bytes, 1);
	hp_free(blocks[0]);
}

static void be_the_program(size_t bytes)
{
	alarm(CHILD_SECONDS);
	fill_up_and_go_on(bytes);
	_exit(0);
}

static void at_the_commit_limit_with(size_t bytes)
{
	uint64_t mode, limit, committed = hp_test_proc_bytes("/proc/meminfo", "Committed_AS:");
	int status = -1;
	pid_t child;

	if (HP_TEST_ASAN || HP_TEST_TSAN) {
		hp_test_skip("a sanitizer maps more than the limit");
		return;
	}
	if (!read_number(MODE, &mode) || !read_number(LIMIT, &limit) ||
	    !write_number(LIMIT, committed / HP_KIB + ROOM_MB * HP_KIB) || !write_number(MODE, 2)) {
		hp_test_skip("vm.overcommit_memory can't be set (is this root?)");
		return;
	}
	child = fork();
	if (child == 0)
		be_the_program(bytes);
	waitpid(child, &status, 0);
	g_assert_true(write_number(MODE, mode));
	/* Which sets the ratio to 0, and the other way round: 0 means that the ratio counts. */
	g_assert_true(
		write_number(limit ? LIMIT : "/proc/sys/vm/overcommit_ratio", limit ? limit : 50));
	g_assert_cmpint(status, ==, 0);
}

static void small_blocks_at_the_commit_limit(void)
{
	at_the_commit_limit_with(100 * HP_KIB);
}

static void large_blocks_at_the_commit_limit(void)
{
	at_the_commit_limit_with(5 * HP_MIB);
}

int main(int argc, char **argv)
{
	g_setenv("HPALLOC_BACKING", "thp", TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/overcommit/small-blocks-at-the-commit-limit",
			small_blocks_at_the_commit_limit);
	g_test_add_func("/overcommit/large-blocks-at-the-commit-limit",
			large_blocks_at_the_commit_limit);
	return g_test_run();
}

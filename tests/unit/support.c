/* See support.h. /proc is read without stdio, so that measuring costs no heap of anybody. */
#include "support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SKIPPED "HP_TEST_SKIPPED" /* the file in which a new process says why it skips */

static void clear_environment(void)
{
	char **names = g_listenv();

	/* Hardening is the setup's choice: every test holds with it, too. Guarded blocks are put
	 * elsewhere than a test may expect. */
	for (char **name = names; *name; name++) {
		if (g_str_has_prefix(*name, "HPALLOC_") && !g_str_equal(*name, "HPALLOC_HARDEN"))
			g_unsetenv(*name);
	}
	g_strfreev(names);
}

/* The test is skipped if the new process has, which says why in the file. */
static void take_reason(int file)
{
	char reason[256] = "";

	g_assert_cmpint(pread(file, reason, sizeof(reason) - 1, 0), >=, 0);
	close(file);
	if (*reason)
		g_test_skip(reason);
}

static void run_again(const char *environment, GTestSubprocessFlags flags)
{
	char **pairs = g_strsplit(environment, " ", 0);
	int file = memfd_create("skipped", MFD_CLOEXEC);
	char *path = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), file);

	g_assert_cmpint(file, >=, 0);
	clear_environment();
	g_setenv(SKIPPED, path, TRUE);
	g_free(path);
	/* Whether somebody has filled the pool meanwhile must not matter. */
	g_setenv("HPALLOC_BACKING", "thp", TRUE);
	for (char **pair = pairs; *pair; pair++) {
		char **halves = g_strsplit(*pair, "=", 2);

		g_assert_nonnull(halves[1]);
		g_setenv(halves[0], halves[1], TRUE);
		g_strfreev(halves);
	}
	g_strfreev(pairs);
	g_test_trap_subprocess(NULL, 0, flags);
	clear_environment();
	take_reason(file);
}

bool hp_test_fresh(const char *environment)
{
	if (g_test_subprocess())
		return true;
	run_again(environment, G_TEST_SUBPROCESS_INHERIT_STDERR);
	g_test_trap_assert_passed();
	return false;
}

bool hp_test_skips_threaded_forks(void)
{
	if (!HP_TEST_TSAN)
		return false;
	hp_test_skip("ThreadSanitizer does not support fork with threads");
	return true;
}

pid_t hp_test_fork_for(unsigned seconds)
{
	pid_t child = fork();

	g_assert_cmpint(child, >=, 0);
	if (child == 0)
		alarm(seconds);
	return child;
}

void hp_test_child_did_well(pid_t child)
{
	int status;

	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	if (!WIFEXITED(status))
		g_printerr("a child ended by signal %d\n", WTERMSIG(status));
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

int hp_test_ended_by(void (*function)(void))
{
	int status;
	pid_t child = hp_test_fork_for(10);

	if (child == 0) {
		function();
		_exit(0);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

bool hp_test_trapped(const char *environment)
{
	if (g_test_subprocess())
		return true;
	run_again(environment, 0);
	return false;
}

/* In a new process: for the first one, if that can be had as who this is by now. */
static bool leave_reason(const char *reason)
{
	const char *path = g_getenv(SKIPPED);
	int file = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	bool is_left = file >= 0 && write(file, reason, strlen(reason)) > 0;

	if (file >= 0)
		close(file);
	return is_left;
}

void hp_test_skip(const char *reason)
{
	g_printerr("SKIPPED: %s\n", reason);
	/* To GLib a new process that skips has failed. */
	if (!g_test_subprocess() || !leave_reason(reason))
		g_test_skip(reason);
}

bool hp_test_skips_measures(void)
{
	if (!HP_TEST_ASAN && !HP_TEST_TSAN)
		return false;
	hp_test_skip("a sanitizer's shadow memory is no measure");
	return true;
}

struct hp_arena *hp_test_arena_create(const struct hp_arena_options *options)
{
	struct hp_arena *arena = hp_arena_create(options, sizeof(*options));

	g_assert_nonnull(arena);
	return arena;
}

struct hp_arena_stats hp_test_arena_stats(struct hp_arena *arena)
{
	struct hp_arena_stats stats;

	g_assert_cmpint(hp_arena_stats_get(arena, &stats, sizeof(stats)), ==, 0);
	g_assert_cmpuint(stats.held_bytes, ==,
			 stats.hugetlb_bytes + stats.thp_bytes + stats.base_bytes);
	return stats;
}

bool hp_test_is_hardened(void)
{
	return g_getenv("HPALLOC_HARDEN") && g_strcmp0(g_getenv("HPALLOC_HARDEN"), "0") != 0;
}

bool hp_test_is_full(void)
{
	return g_strcmp0(g_getenv("HP_TEST_FULL"), "1") == 0;
}

uint64_t hp_test_proc_bytes(const char *path, const char *field)
{
	char text[8192];
	ssize_t length;
	char *line;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	g_assert_cmpint(fd, >=, 0);
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	g_assert_cmpint(length, >, 0);
	text[length] = '\0';
	line = strstr(text, field);
	return line ? strtoull(line + strlen(field), NULL, 10) * 1024 : 0;
}

uint64_t hp_test_resident_bytes(void)
{
	return hp_test_proc_bytes("/proc/self/smaps_rollup", "Rss:") +
	       hp_test_proc_bytes("/proc/self/smaps_rollup", "Shared_Hugetlb:") +
	       hp_test_proc_bytes("/proc/self/smaps_rollup", "Private_Hugetlb:");
}

struct hp_stats hp_test_stats(void)
{
	struct hp_stats stats;

	g_assert_cmpint(hp_stats_get(&stats, sizeof(stats)), ==, 0);
	return stats;
}

double hp_test_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void hp_test_sleep_ms(unsigned ms)
{
	g_usleep((gulong)ms * 1000);
}

void *hp_test_opaque(void *pointer)
{
	__asm__ volatile("" : "+r"(pointer) : : "memory");
	return pointer;
}

size_t hp_test_opaque_bytes(size_t bytes)
{
	__asm__ volatile("" : "+r"(bytes));
	return bytes;
}

/* splitmix64's finisher: neighbouring words and neighbouring seeds differ everywhere. */
static uint64_t mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
	return value ^ (value >> 31);
}

void hp_test_fill(void *block, size_t bytes, uint64_t seed)
{
	unsigned char *at = hp_test_opaque(block);
	size_t words = bytes / 8;
	uint64_t last;

	for (size_t i = 0; i < words; i++) {
		uint64_t word = mix(seed + i);

		memcpy(at + i * 8, &word, 8);
	}
	last = mix(seed + words);
	memcpy(at + words * 8, &last, bytes % 8);
}

bool hp_test_is_filled(const void *block, size_t bytes, uint64_t seed)
{
	const unsigned char *at = block;
	size_t words = bytes / 8;
	uint64_t last;

	for (size_t i = 0; i < words; i++) {
		uint64_t word = mix(seed + i);

		if (memcmp(at + i * 8, &word, 8) != 0)
			return false;
	}
	last = mix(seed + words);
	return bytes % 8 == 0 || memcmp(at + words * 8, &last, bytes % 8) == 0;
}

bool hp_test_is_zero(const void *block, size_t bytes)
{
	const unsigned char *at = block;

	return bytes == 0 || (at[0] == 0 && memcmp(at, at + 1, bytes - 1) == 0);
}

void hp_test_touch(void *block, size_t bytes)
{
	volatile unsigned char *at = hp_test_opaque(block);

	for (size_t i = 0; i < bytes; i += HP_TEST_PAGE)
		at[i] = 1;
}

uint64_t hp_test_seed(void)
{
	if (!g_getenv("HP_TEST_SEED")) {
		char *text = g_strdup_printf("%u", g_test_rand_int() / 2);

		g_setenv("HP_TEST_SEED", text, TRUE);
		g_free(text);
	}
	g_test_message("HP_TEST_SEED=%s", g_getenv("HP_TEST_SEED"));
	return g_ascii_strtoull(g_getenv("HP_TEST_SEED"), NULL, 10);
}

uint64_t hp_test_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15ull;
	return mix(*state);
}

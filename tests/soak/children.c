/*
 * Threads that fork, which the machine may refuse: the child finds its own blocks whole, uses the
 * heap, starts threads, forks again; or it runs another program; or it misuses the heap and must
 * die of it with its line.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak/soak.h"
#include "unit/fault.h"

enum { TABLE = 200, CHILD_SECONDS = 120, CHILD_WORKERS = 2, TEXT_BYTES = 512 };

#define SELF "/proc/self/exe"

static char *const brief[] = { (char *)(uintptr_t) "soak", (char *)(uintptr_t) "--brief", NULL };

static void fill_table(void **blocks, uint64_t *random)
{
	for (size_t i = 0; i < TABLE; i++)
		blocks[i] = hp_soak_take(random);
}

static void free_table(void **blocks)
{
	for (size_t i = 0; i < TABLE; i++)
		hp_soak_free(blocks[i]);
}

static pid_t fork_in_weather(void)
{
	pid_t child = -1;

	if (!hp_soak_weather_hold())
		return -1;
	child = fork();
	if (child != 0)
		hp_soak_weather_let();
	if (child < 0)
		hp_soak_count(HP_SOAK_REFUSED);
	return child;
}

static void await(pid_t child, int signal_wanted)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		g_assert_cmpint(errno, ==, EINTR);
	if (signal_wanted ? !WIFSIGNALED(status) || WTERMSIG(status) != signal_wanted : status)
		g_error("a child ended with status 0x%x", (unsigned)status);
}

/* How many it could start. */
static size_t start_workers(pthread_t *threads, uint64_t *random)
{
	size_t started = 0;

	for (size_t i = 0; i < CHILD_WORKERS; i++) {
		void *seed = (void *)(uintptr_t)hp_test_random(random);

		started += !pthread_create(&threads[started], NULL, hp_soak_work, seed);
	}
	return started;
}

static void be_a_child(void **blocks, uint64_t random)
{
	pthread_t threads[CHILD_WORKERS];
	pid_t grandchild = -1;
	size_t started;

	alarm(CHILD_SECONDS);
	started = start_workers(threads, &random);
	free_table(blocks);
	fill_table(blocks, &random);
	if (hp_test_random(&random) % 4 == 0)
		grandchild = fork();
	free_table(blocks);
	if (grandchild == 0)
		_exit(0);
	if (grandchild > 0)
		await(grandchild, 0);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	hp_trim(0);
	_exit(0);
}

static void fork_once(uint64_t *random)
{
	void *blocks[TABLE];
	pid_t child;

	fill_table(blocks, random);
	child = fork_in_weather();
	if (child == 0)
		be_a_child(blocks, *random);
	free_table(blocks);
	if (child > 0) {
		await(child, 0);
		hp_soak_count(HP_SOAK_FORKS);
	}
}

int hp_soak_be_brief(void)
{
	uint64_t random = 1;
	void *blocks[TABLE];

	fill_table(blocks, &random);
	free_table(blocks);
	return hp_test_stats().in_use_bytes != 0;
}

static void run_program(uint64_t *random)
{
	pid_t child;

	if (hp_test_random(random) % 2) {
		if (posix_spawn(&child, SELF, NULL, NULL, brief, environ) != 0) {
			hp_soak_count(HP_SOAK_REFUSED);
			return;
		}
	} else {
		child = fork_in_weather();
		if (child < 0)
			return;
		if (child == 0) {
			execv(SELF, brief);
			_exit(1);
		}
	}
	await(child, 0);
	hp_soak_count(HP_SOAK_PROGRAMS);
}

static void free_twice(void)
{
	void *block = hp_test_opaque(hp_malloc(64));

	hp_free(block);
	hp_free(hp_test_opaque(block));
}

static void free_large_twice(void)
{
	void *block = hp_test_opaque(hp_malloc(5 * HP_MIB));

	hp_free(block);
	hp_free(hp_test_opaque(block));
}

static void free_the_stack(void)
{
	char bytes[64];

	hp_free(hp_test_opaque(bytes));
}

static void free_inside(void)
{
	hp_free((char *)hp_test_opaque(hp_malloc(5 * HP_MIB)) + 4096);
}

static void resize_freed(void)
{
	void *block = hp_test_opaque(hp_malloc(5 * HP_MIB));

	hp_free(block);
	(void)!hp_test_opaque(hp_realloc(hp_test_opaque(block), 100));
}

static const struct {
	void (*misuse)(void);
	const char *words;
} misuses[] = {
	{ free_twice, "double free of" },	 { free_large_twice, "which is no block" },
	{ free_the_stack, "which is no block" }, { free_inside, "which is no block" },
	{ resize_freed, "which is no block" },
};

static void be_misused(void (*misuse)(void), int report)
{
	const struct rlimit no_core = { 0, 0 };

	alarm(CHILD_SECONDS);
	hp_fault_none();
	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGABRT, SIG_DFL);
	dup2(report, STDERR_FILENO);
	misuse();
	_exit(0);
}

static void read_all(int fd, char *text, size_t bytes)
{
	size_t length = 0;
	ssize_t count;

	while ((count = read(fd, text + length, bytes - 1 - length)) > 0)
		length += (size_t)count;
	text[length] = '\0';
}

static void misuse_once(uint64_t *random)
{
	size_t which = hp_test_random(random) % HP_TEST_COUNT(misuses);
	char text[TEXT_BYTES];
	int report[2];
	pid_t child;

	g_assert_cmpint(pipe2(report, O_CLOEXEC), ==, 0);
	child = fork_in_weather();
	if (child == 0)
		be_misused(misuses[which].misuse, report[1]);
	close(report[1]);
	read_all(report[0], text, sizeof(text));
	close(report[0]);
	if (child < 0)
		return;
	await(child, SIGABRT);
	if (!g_str_has_prefix(text, "hpalloc: ") || !strstr(text, misuses[which].words))
		g_error("misuse %zu: said \"%s\"", which, text);
	hp_soak_count(HP_SOAK_MISUSES);
}

void *hp_soak_fork(void *number)
{
	uint64_t random = hp_soak.seed - (uintptr_t)number;

	while (!hp_soak_is_over()) {
		switch (hp_test_random(&random) % 8) {
		case 0:
			run_program(&random);
			break;
		case 1:
		case 2:
			misuse_once(&random);
			break;
		default:
			fork_once(&random);
			break;
		}
		hp_test_sleep_ms(hp_test_random(&random) % 20);
	}
	return NULL;
}

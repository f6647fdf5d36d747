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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak/soak.h"
#include "unit/fault.h"

enum { TABLE = 200, CHILD_SECONDS = 120, CHILD_WORKERS = 2, TEXT_BYTES = 512, TICKETS = 4096 };

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

/* Which children have come out of fork(), by their tickets. Seen by parents and children. */
static struct {
	atomic_uint tickets;
	atomic_bool is_born[TICKETS];
} * births;

struct child {
	pid_t pid;
	unsigned ticket;
};

void hp_soak_children_init(void)
{
	births = mmap(NULL, sizeof(*births), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	g_assert_true(births != MAP_FAILED);
}

static unsigned take_ticket(bool is_born)
{
	unsigned ticket = atomic_fetch_add(&births->tickets, 1) % TICKETS;

	atomic_store(&births->is_born[ticket], is_born);
	return ticket;
}

static struct child fork_once(void)
{
	struct child child = { .ticket = take_ticket(false) };

	child.pid = fork();
	if (child.pid == 0)
		atomic_store(&births->is_born[child.ticket], true);
	if (child.pid < 0)
		hp_soak_count(HP_SOAK_REFUSED);
	return child;
}

static struct child fork_in_weather(void)
{
	struct child child;

	hp_soak_weather_hold();
	child = fork_once();
	if (child.pid != 0)
		hp_soak_weather_let();
	return child;
}

/*
 * False if it never lived: in bad weather the heap of a child may lack the mappings for its copy of
 * what is on huge pages, and it ends with a line, before fork() returns.
 */
static bool await(struct child child, int signal_wanted)
{
	int status, signal;

	while (waitpid(child.pid, &status, 0) < 0)
		g_assert_cmpint(errno, ==, EINTR);
	signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (hp_soak.has_pool && signal == SIGABRT && !atomic_load(&births->is_born[child.ticket])) {
		hp_soak_count(HP_SOAK_STILLBORN);
		return false;
	}
	if (signal_wanted ? signal != signal_wanted : status)
		g_error("a child ended with status 0x%x", (unsigned)status);
	return true;
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
	struct child grandchild = { .pid = -1 };
	size_t started;

	alarm(CHILD_SECONDS);
	started = start_workers(threads, &random);
	free_table(blocks);
	fill_table(blocks, &random);
	if (hp_test_random(&random) % 4 == 0)
		grandchild = fork_once();
	free_table(blocks);
	if (grandchild.pid == 0)
		_exit(0);
	if (grandchild.pid > 0)
		await(grandchild, 0);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	hp_trim(0);
	_exit(0);
}

static void have_a_child(uint64_t *random)
{
	void *blocks[TABLE];
	struct child child;

	fill_table(blocks, random);
	child = fork_in_weather();
	if (child.pid == 0)
		be_a_child(blocks, *random);
	free_table(blocks);
	if (child.pid > 0 && await(child, 0))
		hp_soak_count(HP_SOAK_FORKS);
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
	struct child child;

	if (hp_test_random(random) % 2) {
		child.ticket = take_ticket(true);
		if (posix_spawn(&child.pid, SELF, NULL, NULL, brief, environ) != 0) {
			hp_soak_count(HP_SOAK_REFUSED);
			return;
		}
	} else {
		child = fork_in_weather();
		if (child.pid < 0)
			return;
		if (child.pid == 0) {
			execv(SELF, brief);
			_exit(1);
		}
	}
	if (await(child, 0))
		hp_soak_count(HP_SOAK_PROGRAMS);
}

/* One of its neighbours is in its slab, which so does not go back: then it were no block. */
static void free_twice(void)
{
	void *before = hp_test_opaque(hp_malloc(64));
	void *block = hp_test_opaque(hp_malloc(64));
	void *behind = hp_test_opaque(hp_malloc(64));

	hp_free(block);
	hp_free(hp_test_opaque(block));
	hp_free(before);
	hp_free(behind);
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
	struct child child;
	int report[2];

	g_assert_cmpint(pipe2(report, O_CLOEXEC), ==, 0);
	child = fork_in_weather();
	if (child.pid == 0)
		be_misused(misuses[which].misuse, report[1]);
	close(report[1]);
	read_all(report[0], text, sizeof(text));
	close(report[0]);
	if (child.pid < 0 || !await(child, SIGABRT))
		return;
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
			have_a_child(&random);
			break;
		}
		hp_test_sleep_ms(hp_test_random(&random) % 20);
	}
	return NULL;
}

/*
 * Every call of the operating system is made to fail: each in turn, all from some call on, all of
 * one function, any at random. Requests are refused or served otherwise, nothing is lost, and all
 * is well once the failures stop. Each round is a process of its own, so that the very first call
 * can fail too. HP_TEST_POOL=1 walks on the hugetlb pool instead.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "hugepool.h"
#include "model/interpreter.h"
#include "support.h"

enum { STRUCK = 0, NEVER_STRUCK = 3, ROUND_SECONDS = 20, OPERATIONS = 1500, POOL_PAGES = 100 };

static char self[4096];

/* ---- inside a round ---- */

static struct hp_model_exchange exchange = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *run_machine(void *model)
{
	hp_model_run_random(model, 7, OPERATIONS);
	return NULL;
}

/*
 * The child of a fork needs the system for what stood on the pool: where that fails, it may die,
 * and nobody else.
 */
static void run_child(struct hp_model *model)
{
	bool may_die = hp_fault_is_planned() && hp_test_stats().hugetlb_bytes > 0;
	int status;
	pid_t child = fork();

	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		alarm(ROUND_SECONDS);
		hp_model_run_random(model, 11, OPERATIONS / 4);
		_exit(0);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	if (may_die && WIFSIGNALED(status))
		g_assert_true(WTERMSIG(status) == SIGBUS || WTERMSIG(status) == SIGABRT);
	else
		g_assert_cmpint(status, ==, 0);
}

static void run_machines(struct hp_model *here, struct hp_model *there)
{
	pthread_t thread;

	g_assert_cmpint(pthread_create(&thread, NULL, run_machine, there), ==, 0);
	run_machine(here);
	pthread_join(thread, NULL);
	hp_trim(0);
	if (!HP_TEST_TSAN)
		run_child(here);
}

static int run_round(void)
{
	static struct hp_model here, there;
	unsigned strikes;

	alarm(ROUND_SECONDS);
	hp_model_init(&here, &exchange, 1);
	hp_model_init(&there, &exchange, 2);
	here.may_be_refused = there.may_be_refused = true;
	run_machines(&here, &there);
	strikes = hp_fault_strikes();
	hp_fault_none();
	here.may_be_refused = there.may_be_refused = false;
	run_machines(&here, &there);
	hp_model_fini(&here);
	hp_model_fini(&there);
	hp_model_exchange_fini(&exchange);
	hp_trim(0);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
	return strikes > 0 ? STRUCK : NEVER_STRUCK;
}

/* ---- outside ---- */

/* Returns whether the planned failure happened. */
static bool round_with(const char *plan)
{
	char *const arguments[] = { self, (char *)"--round", NULL };
	int status;
	pid_t child = fork();

	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		setenv("HP_TEST_FAULT", plan, 1);
		execv(self, arguments);
		_exit(1);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NEVER_STRUCK)
		return false;
	if (status != 0)
		g_printerr("HP_TEST_FAULT='%s' ended with status %#x\n", plan, (unsigned)status);
	g_assert_cmpint(status, ==, 0);
	return true;
}

/* Every n at first, then ever wider apart, until a program ends before the n-th call. */
static void walk(const char *mode)
{
	unsigned n = 1, rounds = 0;
	bool has_struck;
	unsigned dense = hp_test_is_full() ? 2000 : HP_TEST_ASAN || HP_TEST_TSAN ? 8 : 24;

	do {
		char *plan = g_strdup_printf("%s %u", mode, n);

		has_struck = round_with(plan);
		g_free(plan);
		rounds++;
		n += n < dense ? 1 : n / 3;
	} while (has_struck);
	g_test_message("%u rounds, the last at call %u", rounds, n);
	g_assert_cmpuint(rounds, >=, 10);
}

static void each_call_in_turn(void)
{
	walk("nth");
}

static void all_calls_from_one_on(void)
{
	walk("after");
}

static void all_calls_of_each_function(void)
{
	for (unsigned i = HP_FAULT_check_machine + 1; i < HP_FAULT_COUNT; i++) {
		char *plan = g_strdup_printf("name %s", hp_fault_name((enum hp_fault)i));

		if (!round_with(plan))
			g_test_message("%s was never called", hp_fault_name((enum hp_fault)i));
		g_free(plan);
	}
}

static void any_call_at_random(void)
{
	static const char *const plans[] = { "random 5", "random 50", "random 300", "random 900" };

	for (size_t i = 0; i < HP_TEST_COUNT(plans); i++)
		g_assert_true(round_with(plans[i]));
}

static void each_call_in_turn_with_everything_given_back(void)
{
	g_setenv("HPALLOC_DECAY_MS", "0", TRUE);
	g_setenv("HPALLOC_IDLE_MAX", "0", TRUE);
	each_call_in_turn();
	g_unsetenv("HPALLOC_DECAY_MS");
	g_unsetenv("HPALLOC_IDLE_MAX");
}

struct walk {
	const char *path;
	void (*run)(void);
};

static const struct walk walks[] = {
	{ "/fault/each-call-in-turn", each_call_in_turn },
	{ "/fault/each-call-in-turn-with-everything-given-back",
	  each_call_in_turn_with_everything_given_back },
	{ "/fault/all-calls-from-one-on", all_calls_from_one_on },
	{ "/fault/all-calls-of-each-function", all_calls_of_each_function },
	{ "/fault/any-call-at-random", any_call_at_random },
};

static void on_transparent_huge_pages(gconstpointer walk)
{
	g_setenv("HPALLOC_BACKING", "thp", TRUE);
	((const struct walk *)walk)->run();
}

static void on_base_pages(gconstpointer walk)
{
	g_setenv("HPALLOC_BACKING", "base", TRUE);
	((const struct walk *)walk)->run();
}

static void on_the_pool(gconstpointer walk)
{
	g_setenv("HPALLOC_BACKING", "auto", TRUE);
	if (!hp_test_pool_begin(POOL_PAGES))
		return;
	((const struct walk *)walk)->run();
	hp_test_pool_end();
}

static void add_walks(const char *where, GTestDataFunc run, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *path = g_strdup_printf("%s-on-%s", walks[i].path, where);

		g_test_add_data_func(path, &walks[i], run);
		g_free(path);
	}
}

/* ---- the table itself ---- */

static bool is_in_table(const char *name)
{
	for (unsigned i = 0; i < HP_FAULT_COUNT; i++) {
		if (!strcmp(name, hp_fault_name((enum hp_fault)i)))
			return true;
	}
	return false;
}

/* A new function of os.h that returns an error must be made to fail as well. */
static void the_table_has_every_function_of_os_h(void)
{
	char *path = g_test_build_filename(G_TEST_DIST, "../src/os/os.h", NULL);
	char *text = NULL;
	char **lines;
	unsigned found = 0;

	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", 0);
	for (char **line = lines; *line; line++) {
		char *name;

		if (!g_str_has_prefix(*line, "int hp_os_") ||
		    g_str_has_prefix(*line, "int hp_os_pid"))
			continue;
		name = g_strndup(*line + 10, strcspn(*line + 10, "("));
		if (!is_in_table(name))
			g_test_message("fault.def lacks %s", name);
		g_assert_true(is_in_table(name));
		found++;
		g_free(name);
	}
	g_assert_cmpuint(found, ==, HP_FAULT_COUNT);
	g_strfreev(lines);
	g_free(text);
	g_free(path);
}

static void another_page_size_ends_the_program_with_a_line(void)
{
	if (g_test_subprocess()) {
		hp_free(hp_malloc(1));
		return;
	}
	g_setenv("HP_TEST_FAULT", "name check_machine", TRUE);
	g_test_trap_subprocess(NULL, 0, 0);
	g_unsetenv("HP_TEST_FAULT");
	g_test_trap_assert_failed();
	g_test_trap_assert_stderr("hpalloc: *pages*\n");
}

static void the_wraps_are_in_front(void)
{
	hp_free(hp_malloc(100));
	g_assert_cmpuint(hp_fault_calls(HP_FAULT_reserve), >=, 1);
	g_assert_cmpuint(hp_fault_strikes(), ==, 0);
}

int main(int argc, char **argv)
{
	g_assert_cmpint(readlink("/proc/self/exe", self, sizeof(self) - 1), >, 0);
	if (argc > 1 && !strcmp(argv[1], "--round"))
		return run_round();
	g_test_init(&argc, &argv, NULL);
	if (g_strcmp0(g_getenv("HP_TEST_POOL"), "1") == 0) {
		add_walks("the-pool", on_the_pool, HP_TEST_COUNT(walks));
		return g_test_run();
	}
	g_test_add_func("/fault/the-table-has-every-function-of-os-h",
			the_table_has_every_function_of_os_h);
	g_test_add_func("/fault/the-wraps-are-in-front", the_wraps_are_in_front);
	g_test_add_func("/fault/another-page-size-ends-the-program-with-a-line",
			another_page_size_ends_the_program_with_a_line);
	add_walks("transparent-huge-pages", on_transparent_huge_pages, HP_TEST_COUNT(walks));
	add_walks("base-pages", on_base_pages, hp_test_is_full() ? HP_TEST_COUNT(walks) : 1);
	return g_test_run();
}

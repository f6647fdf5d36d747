/*
 * A trace that cannot be written, or not any more, is said in one line, and the program goes on:
 * each function that the recorder asks the system for fails in turn.
 */
#include <string.h>

#include "fault.h"
#include "traced.h"

enum { ROUNDS = 30000, SIZE = 4321 };

static void use_the_heap(void)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		void *block = hp_malloc(SIZE);

		g_assert_nonnull(block);
		hp_free(block);
	}
}

/* Runs with a fault in the constructor already; what is said must match. */
static bool is_fresh(struct hp_traced *traced, const char *plan)
{
	char *text;

	if (g_test_subprocess()) {
		use_the_heap();
		return true;
	}
	hp_traced_init(traced);
	g_setenv("HP_TEST_FAULT", plan, TRUE);
	text = g_strdup_printf("HPALLOC_TRACE=%s", traced->path);
	g_assert_false(hp_test_trapped(text));
	g_unsetenv("HP_TEST_FAULT");
	g_free(text);
	g_test_trap_assert_passed();
	return false;
}

static void a_file_that_cannot_be_created_is_said(void)
{
	struct hp_traced traced;

	if (is_fresh(&traced, "name log_create"))
		return;
	g_test_trap_assert_stderr("hpalloc: HPALLOC_TRACE is ignored: *cannot be created*\n");
	hp_traced_fini(&traced);
}

static void without_memory_that_fork_wipes_there_is_no_trace(void)
{
	struct hp_traced traced;

	if (is_fresh(&traced, "name fork_wipe"))
		return;
	g_test_trap_assert_stderr("hpalloc: HPALLOC_TRACE is ignored: *\n");
	hp_traced_fini(&traced);
}

static void a_full_disk_ends_the_trace_with_one_line(void)
{
	struct hp_traced traced;

	if (g_test_subprocess()) {
		use_the_heap();
		hp_fault_all_of(HP_FAULT_log_write);
		use_the_heap();
		hp_fault_none();
		use_the_heap();
		return;
	}
	if (is_fresh(&traced, ""))
		return;
	g_test_trap_assert_stderr("hpalloc: HPALLOC_TRACE: the trace ends here: *(error 28)\n");
	hp_traced_read(&traced, "");
	g_assert_cmpuint(hp_traced_count(&traced, SIZE), >, ROUNDS / 2);
	g_assert_cmpuint(hp_traced_count(&traced, SIZE), <=, ROUNDS);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

static void without_maps_the_callers_have_no_names(void)
{
	struct hp_traced traced;

	if (is_fresh(&traced, "name modules_walk"))
		return;
	g_test_trap_assert_stderr("");
	hp_traced_read(&traced, "");
	g_assert_cmpuint(traced.tape.module_count, ==, 0);
	g_assert_cmpuint(hp_traced_count(&traced, SIZE), ==, ROUNDS);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trace-fault/a-file-that-cannot-be-created-is-said",
			a_file_that_cannot_be_created_is_said);
	g_test_add_func("/trace-fault/without-memory-that-fork-wipes-there-is-no-trace",
			without_memory_that_fork_wipes_there_is_no_trace);
	g_test_add_func("/trace-fault/a-full-disk-ends-the-trace-with-one-line",
			a_full_disk_ends_the_trace_with_one_line);
	g_test_add_func("/trace-fault/without-maps-the-callers-have-no-names",
			without_maps_the_callers_have_no_names);
	return g_test_run();
}

/*
 * The file of a trace: whose it is, and how it fares with children, with descriptors that the
 * program closes, and with what was there before.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hpalloc/arena.h>

#include "traced.h"

enum { SIZE_LATE = 4321 };

/* ---- fork ---- */

static void use_in_child(pid_t child)
{
	if (child == 0) {
		hp_free(hp_malloc(SIZE_LATE));
		exit(0);
	}
	hp_test_child_did_well(child);
	hp_free(hp_malloc(SIZE_LATE + 1));
}

static char *child_suffix(const struct hp_traced *traced)
{
	GDir *files = g_dir_open(traced->directory, 0, NULL);
	char *found = NULL;
	const char *name;

	while ((name = g_dir_read_name(files))) {
		if (g_str_has_prefix(name, "trace.")) {
			g_assert_null(found);
			found = g_strdup(name + strlen("trace"));
		}
	}
	g_dir_close(files);
	g_assert_nonnull(found);
	return found;
}

static void each_has_its_own_file(struct hp_traced *traced)
{
	char *suffix = child_suffix(traced);
	struct stat status;
	char *path = g_strconcat(traced->path, suffix, NULL);

	hp_traced_read(traced, "");
	g_assert_cmpuint(hp_traced_count(traced, SIZE_LATE), ==, 0);
	g_assert_cmpuint(hp_traced_count(traced, SIZE_LATE + 1), ==, 1);
	g_assert_cmpuint(hp_traced_count(traced, SIZE_LATE + 2), ==, 1);
	hp_traced_forget(traced);
	hp_traced_read(traced, suffix);
	g_assert_cmpuint(traced->tape.start.flags & HP_TRACE_IS_FORKED, !=, 0);
	g_assert_cmpuint(hp_traced_count(traced, SIZE_LATE), ==, 1);
	g_assert_cmpuint(hp_traced_count(traced, SIZE_LATE + 2), ==, 0);
	hp_traced_forget(traced);
	g_assert_cmpint(stat(path, &status), ==, 0);
	g_assert_cmpuint(status.st_mode & 07777, ==, 0600);
	hp_traced_fini(traced);
	g_free(suffix);
	g_free(path);
}

static void a_child_has_a_file_of_its_own(void)
{
	struct hp_traced traced;

	if (hp_traced_fresh(&traced, "")) {
		hp_free(hp_malloc(SIZE_LATE + 2));
		use_in_child(fork());
		return;
	}
	each_has_its_own_file(&traced);
}

/* No handler runs then: the child notices by its memory. */
static void so_has_the_child_of_a_bare_system_call(void)
{
	struct hp_traced traced;

	if (hp_traced_fresh(&traced, "")) {
		hp_free(hp_malloc(SIZE_LATE + 2));
		use_in_child((pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
		return;
	}
	each_has_its_own_file(&traced);
}

/* ---- the file ---- */

/* A daemon closes all it knows nothing of; the number is the program's next file. */
static void a_descriptor_that_the_program_takes_is_left_to_it(void)
{
	struct hp_traced traced;
	int fd, other;

	if (hp_traced_fresh(&traced, "")) {
		other = memfd_create("other", 0);
		for (fd = 3; fd < 1024; fd++) {
			if (fd != other && fcntl(fd, F_GETFD) >= 0)
				g_assert_cmpint(dup2(other, fd), ==, fd);
		}
		for (size_t i = 0; i < 100000; i++)
			hp_free(hp_malloc(SIZE_LATE));
		g_assert_cmpint(lseek(other, 0, SEEK_END), ==, 0);
		return;
	}
	hp_traced_read(&traced, "");
	g_assert_cmpuint(hp_traced_count(&traced, SIZE_LATE), ==, 100000);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

static void a_file_that_exists_is_not_touched(void)
{
	struct hp_traced traced;
	char *suffix, *text;

	if (g_test_subprocess()) {
		hp_free(hp_malloc(SIZE_LATE));
		return;
	}
	hp_traced_init(&traced);
	g_assert_true(g_file_set_contents(traced.path, "mine", -1, NULL));
	text = g_strdup_printf("HPALLOC_TRACE=%s", traced.path);
	hp_test_fresh(text);
	g_free(text);
	g_assert_true(g_file_get_contents(traced.path, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "mine");
	g_free(text);
	suffix = child_suffix(&traced);
	hp_traced_read(&traced, suffix);
	g_assert_cmpuint(traced.tape.start.flags & HP_TRACE_IS_FORKED, ==, 0);
	g_assert_cmpuint(hp_traced_count(&traced, SIZE_LATE), ==, 1);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
	g_free(suffix);
}

/* In a directory that all may write to, somebody may have put a link there. */
static void a_symbolic_link_is_not_followed(gconstpointer is_directory)
{
	struct hp_traced traced;
	char *link, *text, *target;

	if (g_test_subprocess()) {
		hp_free(hp_malloc(SIZE_LATE));
		return;
	}
	hp_traced_init(&traced);
	link = g_build_filename(traced.directory, "link", NULL);
	target = g_build_filename(traced.directory, "target", NULL);
	g_assert_cmpint(symlink(is_directory ? traced.directory : target, link), ==, 0);
	text = g_strdup_printf("HPALLOC_TRACE=%s%s", link, is_directory ? "/trace" : "");
	hp_test_trapped(text);
	g_test_trap_assert_passed();
	if (is_directory)
		g_test_trap_assert_stderr("*HPALLOC_TRACE is ignored*symbolic link*");
	g_assert_false(g_file_test(is_directory ? traced.path : target, G_FILE_TEST_EXISTS));
	hp_traced_fini(&traced);
	g_free(text);
	g_free(link);
	g_free(target);
}

static void the_process_is_in_the_name(void)
{
	struct hp_traced traced;
	char *text;

	if (g_test_subprocess()) {
		hp_free(hp_malloc(SIZE_LATE));
		return;
	}
	hp_traced_init(&traced);
	text = g_strdup_printf("HPALLOC_TRACE=%s.%%p.x", traced.path);
	hp_test_fresh(text);
	g_free(text);
	text = child_suffix(&traced);
	g_assert_true(g_str_has_suffix(text, ".x"));
	hp_traced_read(&traced, text);
	g_assert_cmpuint(traced.tape.start.pid, ==, g_ascii_strtoull(text + 1, NULL, 10));
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
	g_free(text);
}

/* Their ends, too: what a reset frees is not live in the end. */
static void blocks_of_arenas_are_in_it(void)
{
	struct hp_traced traced;
	struct hp_arena *arena;
	void *block;

	if (hp_traced_fresh(&traced, "")) {
		arena = hp_arena_create(NULL, 0);
		block = hp_realloc(hp_arena_malloc(arena, 100), 5000);
		block = hp_arena_realloc(arena, block, 300000);
		hp_free(hp_malloc(SIZE_LATE));
		hp_free(block);
		hp_free_sized(hp_arena_malloc(arena, 100), 100);
		for (size_t i = 0; i < 100; i++)
			block = hp_arena_malloc(arena, 200);
		hp_free(block);
		hp_arena_reset(arena);
		block = hp_arena_malloc(arena, 200);
		hp_arena_destroy(arena);
		return;
	}
	hp_traced_read(&traced, "");
	g_assert_cmpuint(hp_traced_count(&traced, SIZE_LATE), ==, 1);
	g_assert_cmpuint(hp_traced_count(&traced, 5000), ==, 1);
	g_assert_cmpuint(hp_traced_count(&traced, 300000), ==, 1);
	g_assert_cmpuint(hp_traced_count(&traced, 200), ==, 101);
	g_assert_cmpuint(traced.inherited + traced.overtaken + traced.skipped, ==, 0);
	hp_traced_forget(&traced);
	hp_traced_fini(&traced);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trace-file/a-child-has-a-file-of-its-own", a_child_has_a_file_of_its_own);
	g_test_add_func("/trace-file/so-has-the-child-of-a-bare-system-call",
			so_has_the_child_of_a_bare_system_call);
	g_test_add_func("/trace-file/a-descriptor-that-the-program-takes-is-left-to-it",
			a_descriptor_that_the_program_takes_is_left_to_it);
	g_test_add_func("/trace-file/a-file-that-exists-is-not-touched",
			a_file_that_exists_is_not_touched);
	g_test_add_data_func("/trace-file/a-symbolic-link-is-not-followed", NULL,
			     a_symbolic_link_is_not_followed);
	g_test_add_data_func("/trace-file/nor-one-to-the-directory", "directory",
			     a_symbolic_link_is_not_followed);
	g_test_add_func("/trace-file/the-process-is-in-the-name", the_process_is_in_the_name);
	g_test_add_func("/trace-file/blocks-of-arenas-are-in-it", blocks_of_arenas_are_in_it);
	return g_test_run();
}

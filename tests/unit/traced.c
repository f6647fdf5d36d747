/* See traced.h. */
#include "traced.h"

#include <sys/stat.h>
#include <unistd.h>

void hp_traced_init(struct hp_traced *traced)
{
	char *temporary = g_dir_make_tmp("hp-trace-XXXXXX", NULL);

	*traced = (struct hp_traced){ 0 };
	g_assert_nonnull(temporary);
	traced->directory = realpath(temporary, NULL);
	traced->path = g_build_filename(traced->directory, "trace", NULL);
	g_free(temporary);
}

bool hp_traced_fresh(struct hp_traced *traced, const char *environment)
{
	char *text, *harden;
	bool is_fresh;

	if (g_test_subprocess())
		return true;
	/* What one test sets of it is not for the next: see clear_environment(). */
	harden = g_strdup(g_getenv("HPALLOC_HARDEN"));
	hp_traced_init(traced);
	text = g_strdup_printf("HPALLOC_TRACE=%s%s%s", traced->path, *environment ? " " : "",
			       environment);
	is_fresh = hp_test_fresh(text);
	g_free(text);
	if (harden)
		g_setenv("HPALLOC_HARDEN", harden, TRUE);
	else
		g_unsetenv("HPALLOC_HARDEN");
	g_free(harden);
	return is_fresh;
}

void hp_traced_read(struct hp_traced *traced, const char *suffix)
{
	char *path = g_strconcat(traced->path, suffix, NULL);
	struct hp_merge merge;

	g_assert_cmpint(hp_tape_open(path, &traced->tape), ==, 0);
	g_assert_cmpint(hp_merge_init(&merge, &traced->tape), ==, 0);
	traced->steps = g_new(struct hp_merge_step, traced->tape.events + 1);
	traced->count = 0;
	while (hp_merge_next(&merge, &traced->steps[traced->count]))
		traced->count++;
	g_assert_cmpint(merge.error, ==, 0);
	g_assert_cmpuint(traced->count + merge.skipped, ==, traced->tape.events);
	traced->inherited = merge.inherited;
	traced->overtaken = merge.overtaken;
	traced->skipped = merge.skipped;
	hp_merge_fini(&merge);
	g_free(path);
}

void hp_traced_forget(struct hp_traced *traced)
{
	g_free(traced->steps);
	hp_tape_close(&traced->tape);
}

size_t hp_traced_count(const struct hp_traced *traced, uint64_t bytes)
{
	size_t count = 0;

	for (size_t i = 0; i < traced->count; i++)
		count += traced->steps[i].allocated && traced->steps[i].event.bytes == bytes;
	return count;
}

void hp_traced_fini(struct hp_traced *traced)
{
	GDir *files = g_dir_open(traced->directory, 0, NULL);
	const char *name;

	g_assert_nonnull(files);
	while ((name = g_dir_read_name(files))) {
		char *path = g_build_filename(traced->directory, name, NULL);

		unlink(path);
		g_free(path);
	}
	g_dir_close(files);
	g_assert_cmpint(rmdir(traced->directory), ==, 0);
	free(traced->directory);
	g_free(traced->path);
}

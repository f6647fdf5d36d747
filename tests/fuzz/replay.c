/* Runs the fuzz target once on each file of its corpus, whatever the compiler. */
#include <stdint.h>

#include "unit/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void the_program_runs(gconstpointer path)
{
	char *data;
	gsize size;

	g_assert_true(g_file_get_contents(path, &data, &size, NULL));
	LLVMFuzzerTestOneInput((const uint8_t *)data, size);
	g_assert_cmpuint(hp_test_stats().in_use_bytes, ==, 0);
	g_free(data);
}

int main(int argc, char **argv)
{
	char *directory;
	const char *name;
	unsigned count = 0;
	GDir *files;

	g_test_init(&argc, &argv, NULL);
	directory = g_test_build_filename(G_TEST_DIST, "fuzz", "corpus", HP_TARGET, NULL);
	files = g_dir_open(directory, 0, NULL);
	g_assert_nonnull(files);
	while ((name = g_dir_read_name(files))) {
		char *test = g_strdup_printf("/replay/" HP_TARGET "/%s", name);

		g_test_add_data_func_full(test, g_build_filename(directory, name, NULL),
					  the_program_runs, g_free);
		g_free(test);
		count++;
	}
	g_assert_cmpuint(count, >=, 3);
	g_dir_close(files);
	g_free(directory);
	return g_test_run();
}

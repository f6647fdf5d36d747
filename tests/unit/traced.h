/* A trace in a directory of the test's own, recorded in a fresh process and read afterwards. */
#ifndef HP_TEST_TRACED_H
#define HP_TEST_TRACED_H

#include <trace/merge.h>

#include "support.h"

struct hp_traced {
	char *directory;
	char *path; /* of the trace, in it */
	struct hp_tape tape;
	struct hp_merge_step *steps; /* all, merged; `allocated` is only whether there was one */
	size_t count;
	uint64_t inherited, overtaken, skipped;
};

/* The directory; the same in the process that hp_test_fresh() starts. */
void hp_traced_init(struct hp_traced *traced);

/* hp_test_fresh() with HPALLOC_TRACE and what else is to be set. */
bool hp_traced_fresh(struct hp_traced *traced, const char *environment);

/* Reads the file with this suffix; and frees what was read. */
void hp_traced_read(struct hp_traced *traced, const char *suffix);
void hp_traced_forget(struct hp_traced *traced);

/* How many allocations of so many bytes there are. */
size_t hp_traced_count(const struct hp_traced *traced, uint64_t bytes);

/* What is in the directory is removed, and it too. */
void hp_traced_fini(struct hp_traced *traced);

#endif

/* See top.h. */
#include "profile/top.h"

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_NAME 90

struct function {
	const char *name;
	uint64_t own_bytes, own_objects; /* it called malloc itself */
	uint64_t all_bytes;		 /* it, or what it called */
	size_t last;			 /* sample that was counted in all_bytes */
};

struct table {
	void *tree; /* of tsearch */
	struct function **functions;
	size_t count;
};

static int by_name(const void *left, const void *right)
{
	return strcmp(((const struct function *)left)->name,
		      ((const struct function *)right)->name);
}

static int by_bytes(const void *left, const void *right)
{
	const struct function *a = *(struct function *const *)left;
	const struct function *b = *(struct function *const *)right;

	if (a->own_bytes != b->own_bytes)
		return a->own_bytes < b->own_bytes ? 1 : -1;
	if (a->all_bytes != b->all_bytes)
		return a->all_bytes < b->all_bytes ? 1 : -1;
	return strcmp(a->name, b->name);
}

static struct function *add(struct table *table, const char *name)
{
	struct function key = { .name = name }, *fresh;
	struct function **found = tfind(&key, &table->tree, by_name);

	if (found)
		return *found;
	if (!(table->count & (table->count - 1))) {
		size_t room = table->count ? 2 * table->count : 1;
		void *grown = reallocarray(table->functions, room, sizeof(fresh));

		if (!grown)
			return NULL;
		table->functions = grown;
	}
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return NULL;
	fresh->name = name;
	fresh->last = SIZE_MAX;
	if (!tsearch(fresh, &table->tree, by_name)) {
		free(fresh);
		return NULL;
	}
	return table->functions[table->count++] = fresh;
}

/* A function that calls itself counts once a sample. */
static bool count_sample(struct table *table, const struct hp_profile *profile,
			 const struct hp_names *names, size_t number, bool is_live)
{
	const struct hp_profile_sample *sample = &profile->samples[number];
	uint64_t bytes = sample->values[is_live ? HP_PROFILE_LIVE_BYTES : HP_PROFILE_ALLOC_BYTES];

	for (size_t i = 0; i < sample->frames; i++) {
		uint64_t location = profile->frames[sample->first + i];
		struct function *function = add(table, hp_names_get(names, location));

		if (!function)
			return false;
		if (i == 0) {
			function->own_bytes += bytes;
			function->own_objects += sample->values[is_live ? HP_PROFILE_LIVE_OBJECTS
									: HP_PROFILE_ALLOC_OBJECTS];
		}
		if (function->last != number)
			function->all_bytes += bytes;
		function->last = number;
	}
	return true;
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void print(const struct table *table, uint64_t total, size_t rows)
{
	printf("%12s %6s %10s %12s %6s  %s\n", "OWN KB", "%", "OBJECTS", "WITH CALLED", "%",
	       "FUNCTION");
	for (size_t i = 0; i < table->count && i < rows; i++) {
		const struct function *function = table->functions[i];

		if (!function->all_bytes)
			break;
		printf("%12.1f %6.1f %10" PRIu64 " %12.1f %6.1f  %.*s\n",
		       (double)function->own_bytes / 1024, percent(function->own_bytes, total),
		       function->own_objects, (double)function->all_bytes / 1024,
		       percent(function->all_bytes, total), SHOWN_NAME, function->name);
	}
}

static void keep(void *function)
{
	(void)function; /* the array has it */
}

bool hp_top_print(const struct hp_profile *profile, const struct hp_names *names, bool is_live,
		  size_t rows)
{
	struct table table = { 0 };
	uint64_t total = 0;
	bool is_done = true;

	for (size_t i = 0; i < profile->sample_count && is_done; i++) {
		is_done = count_sample(&table, profile, names, i, is_live);
		total += profile->samples[i]
				 .values[is_live ? HP_PROFILE_LIVE_BYTES : HP_PROFILE_ALLOC_BYTES];
	}
	printf("%s: %.1f KB, estimated from one sample in %.1f KB\n",
	       is_live ? "live at the end" : "allocated in all", (double)total / 1024,
	       (double)profile->period / 1024);
	if (is_done && table.count) {
		qsort(table.functions, table.count, sizeof(*table.functions), by_bytes);
		print(&table, total, rows);
	}
	tdestroy(table.tree, keep);
	for (size_t i = 0; i < table.count; i++)
		free(table.functions[i]);
	free(table.functions);
	return is_done;
}

/* The verb `top`: all processes that publish, those with most huge pages first. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/say.h"
#include "live/figures.h"
#include "live/page.h"
#include "live/refresh.h"
#include "run/program.h"
#include "verbs.h"

enum { ANSWER_MS = 200, DEFAULT_SECONDS = 2, USER_COLUMNS = 9 };

static uint64_t huge_bytes(const struct hp_live *live)
{
	return live->page.stats.hugetlb_bytes + live->page.stats.thp_bytes;
}

static int by_huge_bytes(const void *one, const void *other)
{
	uint64_t a = huge_bytes(one), b = huge_bytes(other);

	if (a != b)
		return a < b ? 1 : -1;
	return ((const struct hp_live *)one)->pid > ((const struct hp_live *)other)->pid ? 1 : -1;
}

static const char *user_name(uid_t uid)
{
	static char number[24];
	const struct passwd *entry = getpwuid(uid);

	if (entry && strlen(entry->pw_name) <= USER_COLUMNS)
		return entry->pw_name;
	snprintf(number, sizeof(number), "%u", (unsigned)uid);
	return number;
}

static void print_sizes(const struct hp_live *live)
{
	const struct hp_stats *stats = &live->page.stats;
	const uint64_t sizes[] = { stats->hugetlb_bytes, stats->thp_bytes, stats->base_bytes,
				   stats->in_use_bytes, stats->idle_bytes };
	bool has_answer = hp_live_has_answer(live);
	char text[HP_SIZE_BYTES];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		printf(" %10s", i == 3 && !has_answer ? "?" : hp_size_text(text, sizes[i]));
}

static void print_all(struct hp_live *list, size_t count)
{
	uint64_t hugetlb = 0, thp = 0;
	char text[2][HP_SIZE_BYTES];

	for (size_t i = 0; i < count; i++) {
		hugetlb += list[i].page.stats.hugetlb_bytes;
		thp += list[i].page.stats.thp_bytes;
	}
	printf("%zu processes: %s on the pool of huge pages, %s given to transparent huge pages\n",
	       count, hp_size_text(text[0], hugetlb), hp_size_text(text[1], thp));
	printf("%7s %-*s %10s %10s %10s %10s %10s %9s %s\n", "PID", USER_COLUMNS, "USER", "HUGETLB",
	       "THP", "BASE", "IN USE", "IDLE", "ELSEWHERE", "NAME");
	for (size_t i = 0; i < count; i++) {
		printf("%7d %-*s", (int)list[i].pid, USER_COLUMNS, user_name(list[i].uid));
		print_sizes(&list[i]);
		printf(" %9" PRIu64 " %s\n", hp_figures_fallbacks(&list[i].page.stats),
		       list[i].name);
	}
}

/* One picture; they may be others the next time. */
static void show(const struct hp_refresh *refresh, uint64_t done)
{
	struct hp_live *list;
	size_t count = hp_live_find(&list);

	hp_live_ask(list, count);
	hp_live_wait(list, count, ANSWER_MS);
	for (size_t i = 0; i < count; i++)
		hp_page_read(list[i].fd, &list[i].page);
	if (count)
		qsort(list, count, sizeof(*list), by_huge_bytes);
	hp_refresh_clear(refresh, done);
	print_all(list, count);
	hp_live_free(list, count);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	return hp_refresh_parse(key, text, state->input);
}

static const struct argp_option options[] = { HP_REFRESH_OPTIONS, { 0 } };

static const struct argp top_argp = {
	.options = options,
	.parser = parse,
	.doc = "Lists the processes of this machine that publish their counters "
	       "(HPALLOC_PUBLISH=1), those with most huge pages first: of this user, or of all for "
	       "root. On a terminal again every 2 seconds, else once.\v"
	       "ELSEWHERE is how many hugepages stand on worse pages than they could; 'hpalloc "
	       "stat PID' says why.",
};

int hp_verb_top(int argc, char **argv)
{
	struct hp_refresh refresh = { 0 };
	uint64_t done = 0;
	int status = hp_arguments_parse(&top_argp, argc, argv, &refresh);

	if (status)
		return status;
	if (refresh.seconds <= 0 && (isatty(STDOUT_FILENO) || refresh.count))
		refresh.seconds = DEFAULT_SECONDS;
	do {
		show(&refresh, done++);
		if (fflush(stdout))
			return HP_EXIT_FAILED;
	} while (hp_refresh_wait(&refresh, done));
	return EXIT_SUCCESS;
}

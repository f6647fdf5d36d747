/*
 * soak SECONDS [SEED]: threads born and dying, blocks freed by others, forks, other programs,
 * misuse in children, failures of the system, a pool that changes, trim and statistics: all at
 * once, and all over again. A line of counts each 10 seconds; at the end the process must be as it
 * was at the start: no block, no memory, no page of the pool, no thread, no descriptor, no mapping.
 *
 * HPALLOC_BACKING=auto takes the hugetlb pool of the machine for the whole time (as root, with the
 * lock that all tests take); else no page of it is used.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "soak/soak.h"
#include "unit/fault.h"

enum {
	WORKERS = 6,
	FORKING = 2,
	LINE_SECONDS = 10,
	HEAP_MORE = 2 * 2 << 20, /* bytes more than at the start that may be kept */
	MAPPINGS_MORE = 64,	 /* metadata and tables, in pieces */
};

struct hp_soak hp_soak;

/* What must be the same at the end. */
struct state {
	size_t threads, descriptors, mappings;
	uint64_t normal_bytes; /* resident; pages of the pool are counted apart */
	struct hp_stats stats;
};

bool hp_soak_is_over(void)
{
	return hp_test_seconds() >= hp_soak.end_seconds;
}

static size_t count_entries(const char *path)
{
	DIR *folder = opendir(path);
	size_t count = 0;

	g_assert_nonnull(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static size_t count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t count = 0;
	int c;

	g_assert_nonnull(file);
	while ((c = getc(file)) != EOF)
		count += c == '\n';
	fclose(file);
	return count;
}

static struct state state_now(void)
{
	struct state state;

	hp_trim(0);
	state.threads = count_entries("/proc/self/task");
	state.descriptors = count_entries("/proc/self/fd");
	state.mappings = count_lines("/proc/self/maps");
	state.normal_bytes = hp_test_proc_bytes("/proc/self/status", "RssAnon:");
	state.stats = hp_test_stats();
	return state;
}

static unsigned long long count(enum hp_soak_count what)
{
	return atomic_load(&hp_soak.counts[what]);
}

static void print_line(void)
{
	struct hp_stats stats = hp_test_stats();

	printf("soak: %5.0f s: %llu blocks, %llu refused, %llu threads, %llu forks (%llu "
	       "stillborn), "
	       "%llu programs, %llu misuses, %llu trims, %u failures; MB in use %zu of %zu, "
	       "hugetlb %zu (%llu taken, %llu given, %llu rescued), %llu arenas, %llu orphans, "
	       "%zu mappings\n",
	       hp_test_seconds() - hp_soak.start_seconds, count(HP_SOAK_BLOCKS),
	       count(HP_SOAK_REFUSED), count(HP_SOAK_THREADS), count(HP_SOAK_FORKS),
	       count(HP_SOAK_STILLBORN), count(HP_SOAK_PROGRAMS), count(HP_SOAK_MISUSES),
	       count(HP_SOAK_TRIMS), hp_fault_strikes(), (size_t)stats.in_use_bytes >> 20,
	       (size_t)stats.heap_bytes >> 20, (size_t)stats.hugetlb_bytes >> 20,
	       (unsigned long long)stats.hugepages_taken, (unsigned long long)stats.hugepages_given,
	       (unsigned long long)stats.rescued, (unsigned long long)stats.arenas,
	       (unsigned long long)stats.orphans, count_lines("/proc/self/maps"));
	fflush(stdout);
}

static void *report(void *number)
{
	double next = hp_soak.start_seconds + LINE_SECONDS;

	(void)number;
	while (!hp_soak_is_over()) {
		hp_test_sleep_ms(100);
		if (hp_test_seconds() < next)
			continue;
		print_line();
		next += LINE_SECONDS;
	}
	return NULL;
}

static void run(void)
{
	pthread_t threads[WORKERS + FORKING + 2];
	size_t started = 0;

	pthread_create(&threads[started++], NULL, report, NULL);
	pthread_create(&threads[started++], NULL, hp_soak_weather, NULL);
	for (size_t i = 0; i < WORKERS; i++)
		pthread_create(&threads[started++], NULL, hp_soak_start_workers, (void *)(i + 1));
	for (size_t i = 0; i < FORKING; i++)
		pthread_create(&threads[started++], NULL, hp_soak_fork, (void *)(i + 1));
	for (size_t i = 0; i < started; i++)
		g_assert_cmpint(pthread_join(threads[i], NULL), ==, 0);
	hp_soak_clear_board();
}

static void compare(const struct state *before, const struct state *after)
{
	uint64_t most_bytes = before->normal_bytes + after->stats.metadata_bytes + HEAP_MORE;

	printf("soak: threads %zu, were %zu; descriptors %zu, were %zu; mappings %zu, were %zu; "
	       "heap %zu KB, was %zu KB, at most %zu KB; metadata %zu KB; resident %zu KB, were "
	       "%zu KB\n",
	       after->threads, before->threads, after->descriptors, before->descriptors,
	       after->mappings, before->mappings, (size_t)after->stats.heap_bytes >> 10,
	       (size_t)before->stats.heap_bytes >> 10, (size_t)after->stats.peak_bytes >> 10,
	       (size_t)after->stats.metadata_bytes >> 10, (size_t)after->normal_bytes >> 10,
	       (size_t)before->normal_bytes >> 10);
	fflush(stdout);
	g_assert_cmpuint(after->threads, ==, before->threads);
	g_assert_cmpuint(after->descriptors, ==, before->descriptors);
	g_assert_cmpuint(after->mappings, <=, before->mappings + MAPPINGS_MORE);
	g_assert_cmpuint(after->normal_bytes, <=, most_bytes);
	g_assert_cmpuint(after->stats.in_use_bytes, ==, 0);
	g_assert_cmpuint(after->stats.idle_bytes, ==, 0);
	g_assert_cmpuint(after->stats.hugetlb_bytes, ==, 0);
	g_assert_cmpuint(after->stats.heap_bytes, <=, before->stats.heap_bytes + HEAP_MORE);
	g_assert_cmpuint(hp_test_proc_bytes("/proc/self/status", "HugetlbPages:"), ==, 0);
}

static void soak(double seconds)
{
	struct state before, after;

	hp_soak_board_init();
	hp_soak_workers_init();
	hp_soak_children_init();
	hp_soak_pool_begin();
	printf("soak: seed %llu, %.0f seconds\n", (unsigned long long)hp_soak.seed, seconds);
	fflush(stdout);
	hp_free(hp_malloc(1));
	before = state_now();
	hp_soak.start_seconds = hp_test_seconds();
	hp_soak.end_seconds = hp_soak.start_seconds + seconds;
	run();
	print_line();
	after = state_now();
	compare(&before, &after);
	hp_soak_pool_end();
	g_assert_true(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	printf("soak: all is as it was\n");
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--brief"))
		return hp_soak_be_brief();
	if (argc < 2 || argc > 3 || atof(argv[1]) <= 0) {
		fprintf(stderr, "usage: soak SECONDS [SEED]\n");
		return 2;
	}
	hp_soak.seed = argc > 2 ? strtoull(argv[2], NULL, 10) : g_random_int();
	soak(atof(argv[1]));
	return 0;
}

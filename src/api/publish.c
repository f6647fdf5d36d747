/* See publish.h. At exit the kernel is asked how much of the heap really was on huge pages. */
#include "api/publish.h"

#include <stdatomic.h>
#include <string.h>

#include "api/stats.h"
#include "base/check.h"
#include "base/text.h"
#include "os/os.h"
#include "pool/pool.h"
#include "rt/counters.h"
#include "rt/options.h"
#include "rt/reclaim.h"
#include "rt/release.h"

enum { PATH_BYTES = 4096 };

/*
 * Written by the constructor, by the child of a fork before it has threads, and by the one thread
 * that has `busy`.
 */
static struct {
	_Atomic bool is_on;
	_Atomic bool busy;
	bool has_own_file;
	bool is_due;  /* the child of a fork has no file yet */
	unsigned uid; /* at the start: later a filter may forbid to ask */
	char runtime[PATH_BYTES];
	char path[PATH_BYTES + 64]; /* of the file that is ours to remove; or empty */
} publish;

/* Goes on in a page that was mapped; unmapped if it is meant for another process. */
static bool go_on_in(void *page)
{
	bool is_ours;

	hp_pool_lock();
	is_ours = hp_counters_publish(page, hp_os_pid());
	hp_pool_unlock();
	if (!is_ours)
		hp_release(page, HP_PAGE_BYTES);
	return is_ours;
}

static bool create(const char *parent, const char *directory)
{
	void *page = NULL;

	if (*parent != '/' || hp_os_publish_create(parent, directory, sizeof(struct hp_published),
						   publish.path, sizeof(publish.path), &page)) {
		publish.path[0] = '\0';
		return false;
	}
	return go_on_in(page);
}

/* Each process has a file, or, where there is no place for one, nothing. */
static void make_file(void)
{
	char name[64];

	if (create(publish.runtime, HP_PUBLISHED_DIRECTORY))
		return;
	hp_text_format(name, sizeof(name), "/run/user/%u", publish.uid);
	if (create(name, HP_PUBLISHED_DIRECTORY))
		return;
	hp_text_format(name, sizeof(name), HP_PUBLISHED_DIRECTORY "-%u", publish.uid);
	create("/tmp", name);
}

static void note_runtime(char **environment)
{
	static const char NAME[] = "XDG_RUNTIME_DIR=";

	for (; *environment; environment++) {
		const char *value = *environment + sizeof(NAME) - 1;

		if (!strncmp(*environment, NAME, sizeof(NAME) - 1) && strlen(value) < PATH_BYTES)
			strcpy(publish.runtime, value);
	}
}

void hp_publish_init(char **environment)
{
	const char *what = hp_options.publish;
	void *page = NULL;

	if (!what || !strcmp(what, "0"))
		return;
	if (!strcmp(what, "1")) {
		note_runtime(environment);
		publish.has_own_file = true;
		publish.uid = hp_os_uid();
		make_file();
	} else if (hp_os_publish_map(what, sizeof(struct hp_published), &page) || !go_on_in(page)) {
		return; /* a child of the process that was meant, after that one has gone */
	}
	atomic_store_explicit(&publish.is_on, true, memory_order_release);
}

/* The walk is as those of hp_stats_get(), in a read section instead of a guest's. */
HP_NOINLINE static void answer(uint64_t asked)
{
	struct hp_stats stats;

	hp_reclaim_read_begin();
	hp_stats_fill(&stats);
	hp_reclaim_read_end();
	hp_pool_lock();
	hp_counters_answer(asked, &stats, hp_os_now_ms());
	hp_pool_unlock();
}

/*
 * Nothing is done for children that only exec, and no system call made before it is needed: a
 * filter may kill for it.
 */
void hp_publish_after_fork_child(void)
{
	publish.is_due = publish.has_own_file;
	publish.path[0] = '\0';
}

/* One thread at a time; a fork waits for it at the gate, so that `busy` is never inherited. */
void hp_publish_tick(void)
{
	struct hp_published *page;
	uint64_t asked;

	if (HP_LIKELY(!atomic_load_explicit(&publish.is_on, memory_order_acquire)))
		return;
	if (atomic_exchange_explicit(&publish.busy, true, memory_order_acquire))
		return;
	if (publish.is_due) {
		publish.is_due = false;
		make_file();
	}
	page = hp_counters_page();
	asked = page ? hp_counters_asked() : 0;
	if (asked)
		answer(asked);
	atomic_store_explicit(&publish.busy, false, memory_order_release);
}

static void ask_kernel(struct hp_published *page)
{
	unsigned count = atomic_load_explicit(&hp_regions.count, memory_order_acquire);

	for (unsigned i = 0; i < count; i++) {
		struct hp_region *region = &hp_regions.at[i];
		struct hp_os_resident found;

		if (hp_os_resident((void *)region->base, region->bytes, &found))
			return;
		page->thp_resident_bytes += found.normal;
		page->thp_huge_bytes += found.huge;
	}
}

__attribute__((destructor)) static void destruct(void)
{
	struct hp_published *page = hp_counters_page();

	if (!page || page->pid != (uint64_t)hp_os_pid())
		return;
	if (!publish.has_own_file)
		ask_kernel(page);
	else if (publish.path[0])
		hp_os_unlink(publish.path);
}

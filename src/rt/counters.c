/* See counters.h. */
#include "rt/counters.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "os/os.h"

static struct hp_published own;
static struct hp_published *page = &own;

struct hp_stats *hp_counters_begin(void)
{
	page->sequence++;
	/* The reader is another process: keep the order of the stores. */
	atomic_thread_fence(memory_order_release);
	return &page->stats;
}

void hp_counters_end(void)
{
	atomic_thread_fence(memory_order_release);
	page->sequence++;
}

HP_RACY_READER void hp_counters_get(struct hp_stats *out_stats)
{
	const volatile uint64_t *from = (const volatile uint64_t *)&page->stats;
	uint64_t *to = (uint64_t *)out_stats;

	for (size_t i = 0; i < sizeof(*out_stats) / sizeof(*to); i++)
		to[i] = from[i];
}

bool hp_counters_publish(struct hp_published *new_page, int pid)
{
	/* What holds anything else was not made for this: a slip of whoever set the variable. */
	if (new_page->magic && new_page->magic != HP_PUBLISHED_MAGIC)
		return false;
	if (new_page->pid && new_page->pid != (uint64_t)pid)
		return false;
	*new_page = (struct hp_published){
		.pid = (uint64_t)pid,
		.bytes = sizeof(*new_page),
		.pid_space = hp_os_pid_space(),
		.stats = page->stats,
	};
	page = new_page;
	atomic_thread_fence(memory_order_release);
	new_page->magic = HP_PUBLISHED_MAGIC;
	return true;
}

uint64_t hp_counters_asked(void)
{
	uint64_t asked = __atomic_load_n(&page->asked, __ATOMIC_RELAXED);

	return asked == page->answered ? 0 : asked;
}

void hp_counters_answer(uint64_t asked, const struct hp_stats *stats, uint64_t now_ms)
{
	struct hp_stats *kept = hp_counters_begin();

	kept->in_use_bytes = stats->in_use_bytes;
	kept->metadata_bytes = stats->metadata_bytes;
	kept->reserved_bytes = stats->reserved_bytes;
	kept->arenas = stats->arenas;
	kept->orphans = stats->orphans;
	memcpy(&kept->in_use_blocks, &stats->in_use_blocks,
	       sizeof(*kept) - offsetof(struct hp_stats, in_use_blocks));
	page->answered_ms = now_ms;
	page->answered = asked;
	hp_counters_end();
}

void hp_counters_before_fork(void)
{
	if (page != &own)
		own = *page;
}

void hp_counters_after_fork_child(void)
{
	page = &own;
}

struct hp_published *hp_counters_page(void)
{
	return page == &own ? NULL : page;
}

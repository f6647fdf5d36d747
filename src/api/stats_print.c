/* See stats_print.h. What is printed lies in a mapping of its own: it is too large for a stack. */
#include "api/stats_print.h"

#include <errno.h>

#include "base/bits.h"
#include "os/os.h"
#include "rt/release.h"

/* Where there is no memory to sort arenas in, all else is printed. */
static void collect(struct hp_stats_all *all, size_t room)
{
	all->arenas = (struct hp_stats_arena *)(void *)(all + 1);
	all->arena_count = room;
	if (hp_stats_get_arenas(all->arenas, sizeof(*all->arenas), &all->arena_count))
		all->arena_count = 0;
	all->arena_count = hp_min(all->arena_count, room);
	all->class_count = HP_STATS_CLASSES;
	hp_stats_get_classes(all->classes, sizeof(*all->classes), &all->class_count);
	hp_stats_get(&all->stats, sizeof(all->stats));
	all->has_resident = !hp_stats_get_resident(&all->resident, sizeof(all->resident));
}

int hp_stats_print(int fd, enum hp_stats_format format)
{
	struct hp_out out = { .write = hp_os_file_write, .fd = fd };
	int kept_errno = errno, error;
	size_t room = 0, bytes;
	void *memory = NULL;

	if (format != HP_STATS_TEXT && format != HP_STATS_JSON)
		return EINVAL;
	if (hp_stats_get_arenas(NULL, sizeof(struct hp_stats_arena), &room))
		room = 0;
	bytes = hp_round_up(sizeof(struct hp_stats_all) + room * sizeof(struct hp_stats_arena),
			    HP_PAGE_BYTES);
	error = hp_os_map(NULL, bytes, HP_PAGE_BYTES, &memory);
	if (!error) {
		collect(memory, room);
		if (format == HP_STATS_TEXT)
			hp_stats_put_text(&out, memory);
		else
			hp_stats_put_json(&out, memory);
		error = hp_out_flush(&out);
		hp_release(memory, bytes);
	}
	errno = kept_errno;
	return -error;
}

/*
 * Statistics by arena. The arenas are listed first, sorted by address; then each span of the census
 * is counted for its owner, which is only compared: that of an arena that joined or retired
 * meanwhile is nobody's here.
 */
#include <errno.h>
#include <string.h>

#include "api/init.h"
#include "api/stats.h"
#include "arena/explicit.h"
#include "arena/gate.h"
#include "arena/inbox.h"
#include "arena/registry.h"
#include "arena/thread.h"
#include "base/bits.h"
#include "os/os.h"
#include "rt/release.h"

#define EXPLICIT_IDS ((uint64_t)1 << 32) /* no thread's arena has such a number */

struct row {
	const struct hp_arena *arena;
	struct hp_stats_arena stats;
};

struct rows {
	struct row *at; /* NULL: they are only counted */
	size_t room, count;
};

HP_RACY_READER static void describe(const struct hp_arena *arena, struct hp_stats_arena *row)
{
	uintptr_t word = atomic_load_explicit(&arena->inbox, memory_order_relaxed);
	bool is_orphan = (word & HP_INBOX_STATE) == HP_ARENA_ORPHAN;

	*row = (struct hp_stats_arena){
		.id = HP_PEEK(arena->number),
		.state = is_orphan ? HP_STATS_ARENA_ORPHAN : HP_STATS_ARENA_OWNED,
		.outbox_blocks = hp_tally_outbox(arena),
		.refills = HP_PEEK(arena->counts.refills),
		.refilled_blocks = HP_PEEK(arena->counts.refilled_blocks),
	};
	if (HP_PEEK(arena->is_late))
		row->state = HP_STATS_ARENA_LATE;
}

/* Sorted in: the lists are newest first, and new ones mostly have the higher addresses. */
static struct hp_stats_arena *add_row(struct rows *rows, const struct hp_arena *arena)
{
	struct row *row = rows->at + rows->count++;

	if (!rows->at || rows->count > rows->room)
		return NULL;
	for (; row > rows->at && row[-1].arena > arena; row--)
		*row = row[-1];
	row->arena = arena;
	return &row->stats;
}

static void add_threads(struct hp_arena *arena, void *context)
{
	struct hp_stats_arena *row = add_row(context, arena);

	if (row)
		describe(arena, row);
}

static_assert(HP_STATS_NAME_BYTES == HP_ARENA_NAME_BYTES, "names fit");

/* What is looked at is constant. */
static void add_explicit(struct hp_explicit *explicit, void *context)
{
	struct hp_stats_arena *row = add_row(context, &explicit->arena);

	if (!row)
		return;
	*row = (struct hp_stats_arena){
		.id = EXPLICIT_IDS + explicit->arena.number,
		.state = HP_STATS_ARENA_EXPLICIT,
	};
	if (explicit->limit_bytes != SIZE_MAX)
		row->limit_bytes = explicit->limit_bytes;
	memcpy(row->name, explicit->name, sizeof(row->name));
}

static void list_arenas(struct rows *rows)
{
	rows->count = 0;
	hp_gate_enter_guest();
	hp_registry_walk(add_threads, rows);
	hp_explicit_each(add_explicit, rows);
	hp_gate_leave_guest();
}

static struct hp_stats_arena *find_row(const struct rows *rows, const struct hp_arena *arena)
{
	size_t low = 0, high = rows->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows->at[middle].arena < arena)
			low = middle + 1;
		else
			high = middle;
	}
	return low < rows->count && rows->at[low].arena == arena ? &rows->at[low].stats : NULL;
}

static void add_span(const struct hp_census_span *span, void *context)
{
	struct hp_stats_arena *row = find_row(context, span->owner);

	if (!row)
		return;
	row->live_blocks += span->live;
	row->live_bytes += hp_census_live_bytes(span);
	if (span->class == HP_CENSUS_LARGE) {
		row->large_blocks++;
		row->large_bytes += span->bytes;
		return;
	}
	row->free_bytes += span->free * hp_class_bytes(span->class);
	row->slabs++;
	row->slab_bytes += span->bytes;
	row->empty_slabs += span->is_empty;
}

/* What is left of a thread, and of its slabs, is not worth a row. */
static bool is_shown(const struct hp_stats_arena *row)
{
	return row->slabs || row->state == HP_STATS_ARENA_OWNED ||
	       row->state == HP_STATS_ARENA_EXPLICIT;
}

static size_t hand_out(const struct rows *rows, struct hp_stats_arena *out, size_t arena_bytes,
		       size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		if (!is_shown(&rows->at[i].stats))
			continue;
		if (out && count < room)
			memcpy((char *)out + count * arena_bytes, &rows->at[i].stats, arena_bytes);
		count++;
	}
	return count;
}

static void fill(struct rows *rows)
{
	list_arenas(rows);
	rows->count = hp_min(rows->count, rows->room);
	hp_census_walk(add_span, rows, NULL);
}

int hp_stats_get_arenas(struct hp_stats_arena *out, size_t arena_bytes, size_t *inout_count)
{
	enum { MORE = 64 }; /* may join meanwhile */
	int kept_errno = errno, error;
	struct rows rows = { 0 };
	void *memory = NULL;
	size_t bytes;

	if (arena_bytes > sizeof(*out))
		return EINVAL;
	hp_init();
	hp_thread_settle(HP_SETTLE);
	list_arenas(&rows);
	rows.room = rows.count + MORE;
	bytes = hp_round_up(rows.room * sizeof(*rows.at), HP_PAGE_BYTES);
	error = hp_os_map(NULL, bytes, HP_PAGE_BYTES, &memory);
	if (!error) {
		rows.at = memory;
		fill(&rows);
		*inout_count = hand_out(&rows, out, arena_bytes, *inout_count);
		hp_release(memory, bytes);
	}
	errno = kept_errno;
	return error ? ENOMEM : 0;
}

/* See large.h. */
#include "span/large.h"

#include <stdatomic.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "rt/options.h"
#include "span/units.h"

/* Below this a copy is as cheap as moving pages, and leaves no mapping of its own behind. */
#define MOVE_MIN_BYTES ((size_t)512 << 10)

/* For statistics; takers meet on the units lock anyway. */
static _Atomic uint64_t taken, given;

void hp_large_count(uint64_t *out_taken, uint64_t *out_given)
{
	*out_taken = atomic_load_explicit(&taken, memory_order_relaxed);
	*out_given = atomic_load_explicit(&given, memory_order_relaxed);
}

static size_t units_for(size_t bytes)
{
	return (bytes + HP_UNIT_BYTES - 1) / HP_UNIT_BYTES;
}

static enum hp_use use_for(size_t bytes)
{
	return bytes > HP_RELAXED_LOAD(hp_options.lazy_min) ? HP_USE_LAZY : HP_USE_SPANS;
}

static struct hp_span *make(struct hp_units units)
{
	struct hp_span *large = hp_units_span(units);

	large->units = (uint32_t)units.count;
	large->kind = HP_SPAN_LARGE;
	return large;
}

struct hp_span *hp_large_take(size_t bytes, size_t align_bytes, bool zero, enum hp_ground ground)
{
	struct hp_units_request request = {
		.units = units_for(bytes),
		.align_bytes = align_bytes,
		.use = use_for(bytes),
		.ground = ground,
		.zero = zero,
	};
	struct hp_units units;
	bool is_zero;

	if (request.units > UINT32_MAX || hp_units_take(&request, &units, &is_zero))
		return NULL;
	atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed);
	return make(units);
}

void hp_large_give(struct hp_span *large)
{
	struct hp_units units = hp_span_units(large);

	memset(large, 0, sizeof(*large));
	atomic_fetch_add_explicit(&given, 1, memory_order_relaxed);
	hp_units_give(units, HP_GIVE_IDLE);
}

bool hp_large_resize(struct hp_span *large, size_t bytes)
{
	struct hp_units now = hp_span_units(large), tail;
	size_t want = units_for(bytes);

	if (want > UINT32_MAX)
		return false;
	if (want > now.count && hp_units_extend(now, want - now.count, use_for(bytes)))
		return false;
	large->units = (uint32_t)want;
	if (want < now.count) {
		tail = (struct hp_units){ now.region, now.first + want, now.count - want };
		hp_units_give(tail, HP_GIVE_IDLE);
	}
	return true;
}

/* A part of a move: the same units of a slot, before and after. */
struct piece {
	struct hp_slot *from, *to;
	unsigned first; /* unit of the slot */
	struct hp_run from_slot, to_slot;
	char *from_address, *to_address;
	size_t bytes;
};

static struct piece piece_at(struct hp_units from, struct hp_units to)
{
	unsigned inside = from.first % HP_SLOT_UNITS;
	struct piece piece = {
		.first = inside,
		.from_slot = { from.region, from.first / HP_SLOT_UNITS, 1 },
		.to_slot = { to.region, to.first / HP_SLOT_UNITS, 1 },
		.from_address = hp_units_address(from),
		.to_address = hp_units_address(to),
		.bytes = hp_min(from.count, HP_SLOT_UNITS - inside) * HP_UNIT_BYTES,
	};

	piece.from = &from.region->slots[piece.from_slot.first];
	piece.to = &to.region->slots[piece.to_slot.first];
	return piece;
}

enum moved { MOVED, COPIED, MOVED_LEAVING_HOLE };

/*
 * A hugetlb slot moves as a whole. The kernel leaves a hole behind, which gets normal memory; where
 * that can't be had, its address space is out of use for good, and nothing worse.
 */
static enum moved move_huge(const struct piece *piece)
{
	void *address;

	if (piece->bytes != HP_HUGEPAGE_BYTES || !hp_slot_is_normal(piece->to) ||
	    hp_os_move_away(piece->from_address, piece->bytes, piece->to_address))
		return COPIED;
	hp_pool_count_remapped(piece->to_slot, HP_MAPPING_HUGE);
	hp_pool_count_remapped(piece->from_slot, HP_MAPPING_BASE);
	if (hp_os_map(piece->from_address, piece->bytes, HP_HUGEPAGE_BYTES, &address))
		return MOVED_LEAVING_HOLE;
	return MOVED;
}

static bool may_move(const struct piece *piece)
{
	return hp_slot_is_normal(piece->to) &&
	       hp_pool_count_moving(piece->from, piece->to, piece->first,
				    (unsigned)(piece->bytes / HP_UNIT_BYTES));
}

static enum moved move_piece(const struct piece *piece)
{
	enum moved moved = COPIED;

	if (piece->from->mapping == HP_MAPPING_HUGE)
		moved = move_huge(piece);
	else if (may_move(piece) &&
		 !hp_os_move(piece->from_address, piece->bytes, piece->to_address))
		moved = MOVED;
	/* The mapping came along with its advice. */
	if (moved == MOVED && piece->to->mapping == HP_MAPPING_THP)
		hp_os_thp_advise(piece->to_address, piece->bytes);
	if (moved == COPIED) {
		memcpy(piece->to_address, piece->from_address, piece->bytes);
		hp_pool_count_copied(piece->bytes);
	}
	return moved;
}

/* Moves slot by slot and gives each piece of the old place back as it is left. */
static void move_pieces(struct hp_units from, struct hp_units to)
{
	while (from.count) {
		struct piece piece = piece_at(from, to);
		struct hp_units left = { from.region, from.first, piece.bytes / HP_UNIT_BYTES };
		enum moved moved = move_piece(&piece);

		if (moved != MOVED_LEAVING_HOLE)
			hp_units_give(left, moved == MOVED ? HP_GIVE_BLANK : HP_GIVE_IDLE);
		from.first += left.count;
		from.count -= left.count;
		to.first += left.count;
	}
}

struct hp_span *hp_large_move(struct hp_span *large, size_t bytes)
{
	struct hp_units from = hp_span_units(large), to;
	struct hp_units_request request = {
		.units = units_for(bytes),
		.offset_units = from.first % HP_SLOT_UNITS,
		.normal_units = from.count,
		.use = use_for(bytes),
		.ground = from.region->slots[from.first / HP_SLOT_UNITS].ground,
	};
	struct hp_span *moved;
	bool is_zero;

	if (hp_large_bytes(large) < MOVE_MIN_BYTES || request.units > UINT32_MAX ||
	    hp_units_take(&request, &to, &is_zero))
		return NULL;
	moved = make(to);
	memset(large, 0, sizeof(*large));
	move_pieces(from, to);
	return moved;
}

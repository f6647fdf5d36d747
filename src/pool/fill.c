/* See fill.h: what the limits grant, and what else is to go first where they do not. */
#include "pool/fill.h"

#include <errno.h>

#include "base/bits.h"
#include "pool/account.h"
#include "pool/idle.h"

bool hp_fill_alike(const struct hp_slot *one, const struct hp_slot *other)
{
	return one->has_memory == other->has_memory;
}

/* Base pages are counted as units get them, and what is moved is counted where it comes from. */
static bool is_counted(struct hp_run run, enum hp_use use)
{
	return !hp_backing_is_base(run, use) &&
	       (use != HP_USE_MOVE || hp_backing_of(run) == HP_BACKING_HUGETLB);
}

static int try_fill_piece(struct hp_run piece, size_t spare, enum hp_use use)
{
	struct hp_limit_grant grant = { piece.count, piece.count, 0 };
	struct hp_backing_result result;
	bool is_free = !is_counted(piece, use), is_granted;
	int error;

	hp_pool_lock();
	is_granted = is_free || hp_limit_grant(piece.count, &grant);
	hp_pool_unlock();
	if (!is_granted)
		return -ENOMEM;
	error = hp_backing_prepare(piece, spare, use, &grant, &result);
	hp_pool_lock();
	if (!error) {
		hp_account_filled(piece, &result);
		hp_idle_note_fill(piece.count, hp_os_now_ms());
	}
	hp_limit_settle(&grant);
	hp_pool_unlock();
	return error;
}

/* What idles goes back before a request is refused, or the soft limit exceeded. */
static int fill_piece(struct hp_run piece, size_t spare, enum hp_use use)
{
	int error;

	for (size_t i = 0; i < piece.count; i++)
		hp_run_slots(piece)[i].touched = 0;
	if (hp_limit_is_tight(hp_run_bytes(piece)))
		hp_pool_trim(0);
	do
		error = try_fill_piece(piece, spare, use);
	while (error && hp_pool_trim(0));
	/* Less than a huge page may be left. */
	if (error && piece.count == 1 && hp_limit_is_set())
		error = try_fill_piece(piece, spare, HP_USE_BASE);
	return error;
}

/*
 * Idle slots that were claimed for another ground lose what they stand on: then they are as if they
 * had been free.
 */
static int leave_ground(struct hp_run piece)
{
	size_t purged;

	hp_pool_lock();
	hp_account_emptied(piece, HP_EMPTIED_PURGED);
	hp_pool_unlock();
	purged = hp_backing_purge(piece);
	hp_run_cut(&piece, purged);
	if (!piece.count)
		return 0;
	hp_pool_lock();
	hp_account_kept(piece);
	hp_pool_unlock();
	return -ENOMEM;
}

/* Gives memory to those slots of a BUSY run that have none; `spare` slots behind are mapped too. */
static int fill(struct hp_run run, size_t spare, enum hp_use use)
{
	while (run.count) {
		struct hp_run piece = hp_run_cut_alike(&run, hp_fill_alike);
		int error = 0;

		if (hp_run_slots(piece)->has_memory && hp_run_slots(piece)->ground)
			error = leave_ground(piece);
		if (!error && !hp_run_slots(piece)->has_memory)
			error = fill_piece(piece, run.count ? 0 : spare, use);
		if (error)
			return error;
	}
	return 0;
}

/*
 * The front of the run for a move, the rest as asked for: that first, for what is to be moved
 * counts twice until it is.
 */
int hp_fill(struct hp_run run, const struct hp_pool_request *request, size_t spare)
{
	struct hp_run front = hp_run_cut(&run, hp_min(request->normal_slots, run.count));
	int error = fill(run, spare, request->use);

	return error ? error : fill(front, run.count ? 0 : spare, HP_USE_MOVE);
}

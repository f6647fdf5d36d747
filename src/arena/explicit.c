/* See explicit.h. */
#include "arena/explicit.h"

#include <string.h>

#include "arena/held.h"
#include "arena/inbox.h"
#include "base/check.h"
#include "rt/meta.h"
#include "span/large.h"
#include "span/marks.h"

static struct {
	struct hp_lock lock;
	struct hp_list list;
	uint32_t made;
	struct hp_meta_kind kind;
} all = {
	.lock = HP_LOCK_INIT(HP_RANK_EXPLICIT_LIST),
	.list = { &all.list, &all.list },
	.kind = { .bytes = sizeof(struct hp_explicit) },
};

const char hp_explicit_users[2];

void hp_explicit_lock_list(void)
{
	hp_lock_acquire(&all.lock);
}

void hp_explicit_unlock_list(void)
{
	hp_lock_release(&all.lock);
}

void hp_explicit_reset_list_lock(void)
{
	hp_lock_reset(&all.lock);
}

static void give_all_large(struct hp_explicit *explicit)
{
	struct hp_list large;

	hp_list_init(&large);
	hp_lock_acquire(&explicit->lock);
	hp_list_splice(&large, &explicit->large);
	hp_lock_release(&explicit->lock);
	while (!hp_list_is_empty(&large)) {
		struct hp_span *span = HP_CONTAINER(large.next, struct hp_span, link);

		HP_CHECK(!span->is_hardened ||
				 !hp_marks_is_overrun(hp_span_start(span), hp_large_bytes(span)),
			 "%p was written to beyond its end", (void *)hp_span_start(span));
		hp_list_remove(&span->link);
		hp_explicit_drop_large(explicit, span);
	}
}

void hp_explicit_empty(struct hp_explicit *explicit)
{
	hp_explicit_begin(explicit);
	hp_arena_empty(&explicit->arena, HP_EMPTY_KEEP);
	explicit->resets++;
	hp_explicit_finish(explicit);
	give_all_large(explicit);
}

struct hp_explicit *hp_explicit_make(const struct hp_arena_options *options, enum hp_ground ground)
{
	struct hp_explicit *explicit = hp_meta_take(&all.kind);

	if (!explicit)
		return NULL;
	hp_arena_init(&explicit->arena);
	explicit->arena.is_explicit = true;
	explicit->arena.ground = (uint8_t)ground;
	atomic_store_explicit(&explicit->arena.inbox, HP_ARENA_CLAIMED, memory_order_relaxed);
	if (options->name)
		strncpy(explicit->name, options->name, sizeof(explicit->name) - 1);
	explicit->limit_bytes = options->limit_bytes ? options->limit_bytes : SIZE_MAX;
	explicit->lock = (struct hp_lock)HP_LOCK_INIT(HP_RANK_EXPLICIT);
	hp_list_init(&explicit->large);
	atomic_store_explicit(&explicit->user,
			      options->use == HP_ARENA_SHARED ? HP_EXPLICIT_SHARED
							      : hp_explicit_me() + (hp_watch != 0),
			      memory_order_relaxed);
	hp_explicit_lock_list();
	explicit->arena.number = ++all.made;
	hp_list_push(&all.list, &explicit->link);
	hp_explicit_unlock_list();
	return explicit;
}

/* Its user is NULL before its memory is a new one's: whoever comes late is told so. */
void hp_explicit_end(struct hp_explicit *explicit)
{
	bool is_shared = hp_explicit_is_shared(explicit);
	struct hp_list slabs;

	hp_explicit_lock_list();
	hp_list_remove(&explicit->link);
	hp_explicit_unlock_list();
	hp_list_init(&slabs);
	if (is_shared)
		hp_lock_acquire(&explicit->lock);
	atomic_store_explicit(&explicit->user, NULL, memory_order_relaxed);
	hp_arena_empty(&explicit->arena, HP_EMPTY_RELEASE);
	hp_explicit_detach(explicit, &slabs);
	if (is_shared)
		hp_lock_release(&explicit->lock);
	hp_explicit_give_slabs(&slabs);
	give_all_large(explicit);
	hp_meta_give(&all.kind, explicit);
}

void hp_explicit_each(hp_explicit_visitor *visit, void *context)
{
	hp_explicit_lock_list();
	for (struct hp_list *link = all.list.next; link != &all.list; link = link->next)
		visit(HP_CONTAINER(link, struct hp_explicit, link), context);
	hp_explicit_unlock_list();
}

void hp_explicit_leave_thread(void)
{
	hp_explicit_lock_list();
	for (struct hp_list *link = all.list.next; link != &all.list; link = link->next) {
		struct hp_explicit *explicit = HP_CONTAINER(link, struct hp_explicit, link);

		if (hp_explicit_is_mine(explicit))
			atomic_store_explicit(&explicit->user, HP_EXPLICIT_GONE,
					      memory_order_relaxed);
	}
	hp_explicit_unlock_list();
}

/* What others freed comes home first. Slabs leave under the lock of the list, and go after it. */
static void release(struct hp_explicit *explicit, struct hp_list *leaving)
{
	struct hp_arena *arena = &explicit->arena;

	hp_arena_free_chains(arena, hp_inbox_take(arena, HP_ARENA_CLAIMED));
	hp_arena_release_retained(arena);
	hp_explicit_detach(explicit, leaving);
}

static void release_shared(struct hp_explicit *explicit, struct hp_list *leaving)
{
	hp_lock_acquire(&explicit->lock);
	release(explicit, leaving);
	hp_lock_release(&explicit->lock);
}

enum which { MINE, MINE_AND_SHARED };

static void release_each(enum which which)
{
	struct hp_list leaving;

	hp_list_init(&leaving);
	hp_explicit_lock_list();
	for (struct hp_list *link = all.list.next; link != &all.list; link = link->next) {
		struct hp_explicit *explicit = HP_CONTAINER(link, struct hp_explicit, link);

		if (hp_explicit_is_mine(explicit))
			release(explicit, &leaving);
		else if (which == MINE_AND_SHARED && hp_explicit_is_shared(explicit))
			release_shared(explicit, &leaving);
	}
	hp_explicit_unlock_list();
	hp_explicit_give_slabs(&leaving);
}

void hp_explicit_release_mine(void)
{
	release_each(MINE);
}

void hp_explicit_release_all(void)
{
	release_each(MINE_AND_SHARED);
}

void hp_explicit_inherit(void)
{
	for (struct hp_list *link = all.list.next; link != &all.list; link = link->next) {
		struct hp_explicit *explicit = HP_CONTAINER(link, struct hp_explicit, link);

		if (!hp_explicit_is_shared(explicit) && !hp_explicit_is_mine(explicit))
			atomic_store_explicit(&explicit->user, HP_EXPLICIT_GONE,
					      memory_order_relaxed);
	}
}

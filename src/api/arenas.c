/* The life of explicit arenas: see hpalloc/arena.h. */
#include <errno.h>
#include <string.h>

#include "api/demand.h"
#include "api/init.h"
#include "api/sample.h"
#include "api/section.h"
#include "api/watch.h"
#include "base/check.h"
#include "rt/options.h"

void hp_demand_report(struct hp_arena *arena, const char *function)
{
	const char *user = hp_explicit_user(hp_explicit_of(arena));

	if (!user)
		hp_fatal("%s of arena %p, which was destroyed, or is none", function,
			 (void *)arena);
	if (user == HP_EXPLICIT_GONE)
		hp_fatal("%s of arena %p, whose thread has ended", function, (void *)arena);
	hp_fatal("%s of arena %p, which is bound to another thread", function, (void *)arena);
}

static bool are_valid(const struct hp_arena_options *options)
{
	return (unsigned)options->use <= HP_ARENA_BOUND &&
	       (unsigned)options->backing <= HP_ARENA_BACKING_BASE;
}

static_assert((int)HP_ARENA_BACKING_AUTO == (int)HP_GROUND_AUTO &&
		      (int)HP_ARENA_BACKING_BASE == (int)HP_GROUND_BASE &&
		      (int)HP_ARENA_BACKING_AUTO == (int)HP_BACKING_AUTO + 1,
	      "backings are grounds, and choices of the option");

/* What is the process's backing anyway is the common ground. */
static enum hp_ground ground_of(enum hp_arena_backing backing)
{
	if (backing == HP_ARENA_BACKING_DEFAULT ||
	    (unsigned)backing == hp_options.backing + HP_ARENA_BACKING_AUTO)
		return HP_GROUND_COMMON;
	return (enum hp_ground)backing;
}

struct hp_arena *hp_arena_create(const struct hp_arena_options *options, size_t options_bytes)
{
	struct hp_arena_options known = { 0 };
	struct hp_explicit *explicit = NULL;
	struct hp_arena *self;
	int kept_errno = errno;

	if (options_bytes > sizeof(known)) {
		errno = EINVAL;
		return NULL;
	}
	if (options_bytes)
		memcpy(&known, options, options_bytes);
	if (!are_valid(&known)) {
		errno = EINVAL;
		return NULL;
	}
	hp_init();
	self = hp_section_enter(hp_thread_arena());
	explicit = hp_explicit_make(&known, ground_of(known.backing));
	hp_section_leave(self);
	errno = explicit ? kept_errno : ENOMEM;
	return explicit ? &explicit->arena : NULL;
}

static void forget_sample(void *block, void *unused)
{
	struct hp_span *span = hp_span_find(block);

	(void)unused;
	if (span->kind == HP_SPAN_LARGE)
		hp_sample_freed(hp_sample_of(span));
}

/* For who watches, all blocks are freed. */
static inline void note_end(struct hp_explicit *explicit, const void *caller)
{
	if (hp_watch_is_tracing())
		hp_watch_empty(explicit, caller);
	if (hp_sample_is_on())
		hp_explicit_walk(explicit, forget_sample, NULL);
}

void hp_arena_reset(struct hp_arena *arena)
{
	struct hp_explicit *explicit = hp_demand_user(arena, "hp_arena_reset");
	int kept_errno = errno;
	struct hp_arena *self = hp_section_enter(hp_thread_arena());

	note_end(explicit, __builtin_return_address(0));
	hp_explicit_empty(explicit);
	hp_section_leave(self);
	errno = kept_errno;
}

void hp_arena_destroy(struct hp_arena *arena)
{
	int kept_errno = errno;
	struct hp_arena *self;

	if (!arena)
		return;
	if (hp_explicit_user(hp_explicit_of(arena)) != HP_EXPLICIT_GONE)
		hp_demand_user(arena, "hp_arena_destroy");
	self = hp_section_enter(hp_thread_arena());
	note_end(hp_explicit_of(arena), __builtin_return_address(0));
	hp_explicit_end(hp_explicit_of(arena));
	hp_section_leave(self);
	errno = kept_errno;
}

int hp_arena_stats_get(struct hp_arena *arena, struct hp_arena_stats *out_stats, size_t stats_bytes)
{
	struct hp_explicit *explicit = hp_demand_user(arena, "hp_arena_stats_get");
	struct hp_arena_stats stats = { 0 };
	struct hp_arena *self;
	int kept_errno = errno;

	if (stats_bytes > sizeof(stats))
		return EINVAL;
	self = hp_section_enter(hp_thread_arena());
	hp_explicit_count(explicit, &stats);
	hp_section_leave(self);
	memcpy(stats.name, explicit->name, sizeof(stats.name));
	if (explicit->limit_bytes != SIZE_MAX)
		stats.limit_bytes = explicit->limit_bytes;
	stats.peak_bytes = atomic_load_explicit(&explicit->peak_bytes, memory_order_relaxed);
	stats.refused = atomic_load_explicit(&explicit->refused, memory_order_relaxed);
	memcpy(out_stats, &stats, stats_bytes);
	errno = kept_errno;
	return 0;
}

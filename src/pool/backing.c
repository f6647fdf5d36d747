/*
 * See backing.h. hugetlb slots are mapped without reservation and populated one by one: nothing is
 * hoarded, and what can't be had shows here, as an error, not later, as SIGBUS.
 */
#include "pool/backing.h"

#include <errno.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/probe.h"
#include "base/text.h"
#include "pool/edges.h"
#include "pool/forks.h"
#include "pool/promise.h"
#include "pool/rescue.h"
#include "rt/options.h"

enum {
	RETRY_MS = 100, /* after a hugetlb page could not be had */
};

static struct {
	int hugetlbfs_fd;
	_Atomic uint64_t retry_at_ms;
	_Atomic unsigned reason; /* enum hp_fallback: why hugetlb failed last */
	_Atomic int thp_state;	 /* enum thp_state */
} backing = { .hugetlbfs_fd = -1 };

enum thp_state { THP_UNKNOWN, THP_ON, THP_OFF };

static bool thp_is_on(void)
{
	int state = atomic_load_explicit(&backing.thp_state, memory_order_relaxed);

	if (state == THP_UNKNOWN) {
		state = hp_os_thp_check() ? THP_OFF : THP_ON;
		atomic_store_explicit(&backing.thp_state, state, memory_order_relaxed);
	}
	return state == THP_ON;
}

void hp_backing_init(void)
{
	char quoted[HP_TEXT_QUOTED_BYTES];
	int error;

	hp_limit_init();
	/* A program that shuts itself in later may not open a file then. */
	thp_is_on();
	if (!hp_options.hugetlbfs || hp_options.backing > HP_BACKING_HUGETLB)
		return;
	error = hp_os_hugetlbfs_open(hp_options.hugetlbfs, &backing.hugetlbfs_fd);
	if (error)
		hp_warn("HPALLOC_HUGETLBFS=%s can't be used (error %u), ignored",
			hp_text_quote(quoted, hp_options.hugetlbfs), (unsigned)-error);
}

/* Not again before RETRY_MS: a process without a pool must not pay for asking. */
static void note_shortage(enum hp_fallback reason)
{
	atomic_store_explicit(&backing.reason, reason, memory_order_relaxed);
	atomic_store_explicit(&backing.retry_at_ms, hp_os_now_ms() + RETRY_MS,
			      memory_order_relaxed);
}

int hp_backing_promise(size_t bytes)
{
	return hp_promise_try(backing.hugetlbfs_fd, bytes);
}

enum hp_backing_choice hp_backing_of(struct hp_run run)
{
	enum hp_ground ground = (enum hp_ground)hp_run_slots(run)->ground;

	return ground ? (enum hp_backing_choice)(ground - HP_GROUND_AUTO) : hp_options.backing;
}

static bool is_strict(enum hp_backing_choice choice)
{
	return choice == HP_BACKING_HUGETLB && hp_options.strict;
}

/* Uses that do without hugetlb by themselves. */
static const enum hp_fallback reason_of[] = {
	[HP_USE_SPANS] = HP_FALLBACK_COUNT,	[HP_USE_WARMUP] = HP_FALLBACK_WARMUP,
	[HP_USE_LAZY] = HP_FALLBACK_LAZY_LARGE, [HP_USE_BASE] = HP_FALLBACK_LIMIT,
	[HP_USE_MOVE] = HP_FALLBACK_COUNT,
};

/* Whether to go for hugetlb; if not, why. Slots that are mapped so already need no probe. */
static bool wants_huge(enum hp_backing_choice choice, enum hp_use use, bool is_mapped,
		       enum hp_fallback *out_reason)
{
	uint64_t now_ms;

	*out_reason = reason_of[use];
	if (use == HP_USE_BASE || (choice == HP_BACKING_AUTO && use != HP_USE_SPANS))
		return false;
	if (choice > HP_BACKING_HUGETLB) {
		if (use != HP_USE_WARMUP || choice == HP_BACKING_BASE)
			*out_reason = HP_FALLBACK_COUNT; /* hugetlb was not asked for */
		return false;
	}
	/* Not between fork's snapshot and its end: the child has no such page. */
	if (hp_lock_has_process()) {
		*out_reason = HP_FALLBACK_FORK;
		return false;
	}
	now_ms = hp_os_now_ms();
	if (!is_strict(choice) && hp_forks_are_costly(now_ms)) {
		*out_reason = HP_FALLBACK_FORK;
		return false;
	}
	*out_reason = (enum hp_fallback)atomic_load_explicit(&backing.reason, memory_order_relaxed);
	if (!is_strict(choice) &&
	    now_ms < atomic_load_explicit(&backing.retry_at_ms, memory_order_relaxed))
		return false;
	if (is_mapped || !hp_backing_promise(HP_HUGEPAGE_BYTES))
		return true;
	note_shortage(HP_FALLBACK_POOL_EMPTY);
	*out_reason = HP_FALLBACK_POOL_EMPTY;
	return false;
}

static bool are_mapped_alike(const struct hp_slot *one, const struct hp_slot *other)
{
	return one->mapping == other->mapping;
}

static bool is_all_huge(struct hp_run run)
{
	struct hp_run front = hp_run_cut_alike(&run, are_mapped_alike);

	return hp_run_slots(front)->mapping == HP_MAPPING_HUGE && !run.count;
}

static void set_mapping(struct hp_run run, enum hp_mapping mapping)
{
	for (size_t i = 0; i < run.count; i++) {
		struct hp_slot *slot = &hp_run_slots(run)[i];

		slot->is_rescued = false;
		hp_edges_clear(slot);
		slot->mapping = (uint8_t)mapping;
	}
}

/* Of normal memory. Advice that fails costs speed, nothing else. */
static void set_normal(struct hp_run piece, bool thp)
{
	if (thp)
		hp_os_thp_advise(hp_run_address(piece), hp_run_bytes(piece));
	else
		hp_os_thp_forbid(hp_run_address(piece), hp_run_bytes(piece));
	set_mapping(piece, thp ? HP_MAPPING_THP : HP_MAPPING_BASE);
}

/* Makes a piece of one mapping normal memory. */
static int map_piece_normal(struct hp_run piece, bool thp)
{
	enum hp_mapping now = hp_run_slots(piece)->mapping;
	enum hp_mapping want = thp ? HP_MAPPING_THP : HP_MAPPING_BASE;
	int error = 0;

	if (now == want)
		return 0;
	if (now == HP_MAPPING_NONE)
		error = hp_os_commit(hp_run_address(piece), hp_run_bytes(piece));
	else if (now == HP_MAPPING_HUGE)
		error = hp_os_replace(hp_run_address(piece), hp_run_bytes(piece));
	if (!error)
		set_normal(piece, thp);
	return error;
}

/* All of `run`; `spare` slots more if the system allows. */
static int map_normal(struct hp_run run, size_t spare, bool thp)
{
	struct hp_run rest = run;
	size_t end = run.first + run.count;

	rest.count += spare;
	while (rest.count) {
		struct hp_run piece = hp_run_cut_alike(&rest, are_mapped_alike);
		size_t asked = piece.first < end ? hp_min(piece.count, end - piece.first) : 0;
		int error = map_piece_normal(piece, thp);

		if (error && asked && asked < piece.count) {
			piece.count = asked;
			error = map_piece_normal(piece, thp);
		}
		if (error)
			return asked ? error : 0;
	}
	return 0;
}

static int map_huge(struct hp_run run)
{
	while (run.count) {
		struct hp_run piece = hp_run_cut_alike(&run, are_mapped_alike);
		int error = 0;

		if (hp_run_slots(piece)->mapping != HP_MAPPING_HUGE)
			error = hp_os_huge_map(backing.hugetlbfs_fd, hp_run_address(piece),
					       hp_run_bytes(piece));
		if (error)
			return error;
		set_mapping(piece, HP_MAPPING_HUGE);
	}
	return 0;
}

/* Populates slot by slot; returns how many could be had. */
static size_t populate(struct hp_run run)
{
	size_t have = 0;

	while (have < run.count &&
	       !hp_os_populate(hp_region_address(run.region, run.first + have), HP_HUGEPAGE_BYTES))
		have++;
	return have;
}

/* Once: later forks see to it again. */
static void arm_rescue(void)
{
	static atomic_flag is_armed = ATOMIC_FLAG_INIT;

	if (!atomic_flag_test_and_set_explicit(&is_armed, memory_order_relaxed))
		hp_rescue_arm();
}

/* As many slots as can be had; sets the reason for the rest. */
static size_t prepare_huge(struct hp_run run, size_t spare, enum hp_fallback *out_reason)
{
	struct hp_run all = run;
	size_t have;

	all.count += spare;
	if (map_huge(all) && map_huge(run)) {
		*out_reason = HP_FALLBACK_MAPPING;
		note_shortage(*out_reason);
		return 0;
	}
	have = populate(run);
	if (have)
		arm_rescue();
	if (have < run.count) {
		*out_reason = HP_FALLBACK_LIMIT;
		note_shortage(*out_reason);
	}
	return have;
}

/* Others asked at the same moment: what is below the mark goes back. How many slots are left. */
static size_t give_below_mark(struct hp_run have)
{
	size_t kept = have.count - hp_min(have.count, have.count ? hp_limit_below_mark() : 0);

	have.first += kept;
	have.count -= kept;
	return kept + have.count - hp_backing_purge(have);
}

/* As many of the slots as the limits and the pool allow. */
static size_t take_huge(struct hp_run run, size_t spare, size_t granted,
			struct hp_backing_result *result)
{
	size_t allowed = hp_min(run.count, granted), have = 0;
	struct hp_run front = run;

	front.count = hp_limit_above_mark(allowed);
	result->withheld_slots = (hp_limit_is_of_group() ? allowed : run.count) - front.count;
	if (front.count < run.count)
		result->reason = HP_FALLBACK_LIMIT;
	if (front.count)
		have = prepare_huge(front, front.count == run.count ? spare : 0, &result->reason);
	front.count = have;
	have = give_below_mark(front);
	if (have < front.count) {
		result->withheld_slots += front.count - have;
		result->reason = HP_FALLBACK_LIMIT;
	}
	return have;
}

bool hp_backing_is_base(struct hp_run run, enum hp_use use)
{
	enum hp_backing_choice choice = hp_backing_of(run);

	if (choice == HP_BACKING_BASE || use == HP_USE_BASE)
		return true;
	if (choice == HP_BACKING_HUGETLB)
		return false;
	return use == HP_USE_WARMUP || (choice == HP_BACKING_THP && !thp_is_on());
}

int hp_backing_prepare(struct hp_run run, size_t spare, enum hp_use use,
		       const struct hp_limit_grant *grant, struct hp_backing_result *out_result)
{
	enum hp_backing_choice choice = hp_backing_of(run);
	struct hp_backing_result result = { .reason = HP_FALLBACK_COUNT };
	struct hp_run rest = run;
	bool thp = use != HP_USE_WARMUP && use != HP_USE_BASE && choice != HP_BACKING_BASE;
	int error;

	if (wants_huge(choice, use, is_all_huge(run), &result.reason))
		result.huge_slots = take_huge(run, spare, grant->huge_slots, &result);
	hp_run_cut(&rest, result.huge_slots);
	if (rest.count) {
		if (thp && !thp_is_on()) {
			thp = false;
			result.reason = HP_FALLBACK_THP_OFF;
		}
		error = is_strict(choice) || rest.count > grant->normal_slots
				? -ENOMEM
				: map_normal(rest, result.huge_slots ? 0 : spare, thp);
		if (error) {
			run.count = result.huge_slots;
			hp_backing_purge(run);
			return error;
		}
	}
	*out_result = result;
	return 0;
}

static bool have_edges_alike(const struct hp_slot *one, const struct hp_slot *other)
{
	return are_mapped_alike(one, other) && !one->edges == !other->edges;
}

/*
 * Kernels before 5.18 can't drop hugetlb pages; a new mapping can, and it is one where moves have
 * left several.
 */
static bool purge_piece(struct hp_run piece)
{
	char *address = hp_run_address(piece);
	bool thp = hp_run_slots(piece)->mapping == HP_MAPPING_THP;
	bool has_edges = hp_run_slots(piece)->edges != 0;

	if (!has_edges && !hp_os_purge(address, hp_run_bytes(piece)))
		return true;
	if (hp_os_replace(address, hp_run_bytes(piece)))
		return has_edges && !hp_os_purge(address, hp_run_bytes(piece));
	set_normal(piece, thp);
	return true;
}

size_t hp_backing_purge(struct hp_run run)
{
	size_t purged = 0;

	while (run.count) {
		struct hp_run piece = hp_run_cut_alike(&run, have_edges_alike);

		if (!purge_piece(piece))
			break;
		HP_PROBE2(purge, hp_run_address(piece), hp_run_bytes(piece));
		purged += piece.count;
	}
	return purged;
}

bool hp_backing_vacate(struct hp_run run)
{
	if (hp_os_vacate(hp_run_address(run), hp_run_bytes(run)))
		return false;
	set_mapping(run, HP_MAPPING_NONE);
	return true;
}

bool hp_backing_may_collapse(void)
{
	return hp_options.backing != HP_BACKING_BASE && thp_is_on();
}

bool hp_backing_collapse(struct hp_run run)
{
	char *address = hp_run_address(run);
	size_t bytes = hp_run_bytes(run);

	if (!hp_backing_may_collapse() || hp_os_thp_advise(address, bytes))
		return false;
	return !hp_os_thp_collapse(address, bytes);
}

/* See sample.h. */
#include "api/sample.h"

#include <errno.h>
#include <string.h>

#include "api/harden.h"
#include "api/stack.h"
#include "api/watch.h"
#include "arena/thread.h"
#include "base/bits.h"
#include "base/check.h"
#include "base/text.h"
#include "os/os.h"
#include "profile/poisson.h"
#include "profile/pprof.h"
#include "profile/stacks.h"
#include "rt/options.h"
#include "span/large.h"

enum { PATH_BYTES = 2 * 4096, OWN_FRAMES = 8 };

size_t hp_sample_rate;

static struct {
	char path[PATH_BYTES];		/* with each %p as it was given */
	int pid;			/* who writes at exit; 0: each process of its own */
	uintptr_t code_start, code_end; /* of this library */
} profile;

static __thread struct {
	uint64_t random;
	int64_t left; /* bytes to the next sample */
} next;

void hp_sample_init(void)
{
	if (!hp_options.profile)
		return;
	if (hp_harden_is_on()) {
		hp_warn("HPALLOC_PROFILE is ignored: HPALLOC_HARDEN is set");
		return;
	}
	hp_thread_settle(HP_SETTLE);
	if (!hp_watch_is_possible("HPALLOC_PROFILE") || !hp_stacks_init())
		return;
	hp_options_name_file(hp_options.profile, profile.path, sizeof(profile.path));
	profile.pid = strstr(profile.path, "%p") ? 0 : hp_os_pid();
	if (!hp_os_own_code(&profile.code_start, &profile.code_end))
		profile.code_end = profile.code_start;
	hp_arena_miss_always(hp_mine);
	hp_sample_rate = hp_options.profile_rate;
}

struct hp_sample hp_sample_of(const struct hp_span *large)
{
	return (struct hp_sample){
		.entry = large->free,
		.bytes = large->carved ? large->carved : hp_large_bytes(large),
	};
}

void hp_sample_freed(struct hp_sample sample)
{
	if (sample.entry)
		hp_stacks_remove(sample.entry, sample.bytes, hp_sample_rate);
}

bool hp_sample_stack(uintptr_t frames[HP_STACKS_FRAMES])
{
	void *addresses[HP_STACKS_FRAMES + OWN_FRAMES];
	unsigned own = 0;

	hp_stack_get(addresses, HP_STACKS_FRAMES + OWN_FRAMES);
	while (own < OWN_FRAMES && (uintptr_t)addresses[own] - profile.code_start <
					   profile.code_end - profile.code_start)
		own++;
	memcpy(frames, addresses + own, HP_STACKS_FRAMES * sizeof(*frames));
	return frames[0];
}

void hp_sample_note(struct hp_span *large, const uintptr_t frames[HP_STACKS_FRAMES], size_t bytes)
{
	large->carved = bytes <= HP_CLASS_MAX_BYTES ? (uint32_t)hp_max(bytes, 1) : 0;
	large->free = hp_stacks_add(frames, hp_sample_of(large).bytes, hp_sample_rate);
}

static void *take_sampled(size_t bytes, size_t align_bytes, enum hp_content content)
{
	uintptr_t frames[HP_STACKS_FRAMES];
	struct hp_span *span;
	void *block;

	if (!hp_sample_stack(frames))
		return hp_block_take_plain(bytes, align_bytes, content);
	block = hp_block_take_plain(bytes, hp_max(align_bytes, 16), content);
	span = block ? hp_span_find(block) : NULL;
	if (span)
		hp_sample_note(span, frames, bytes);
	return block;
}

/* Whether the block has the byte to be sampled in it. A thread begins anywhere between two. */
static bool has_byte(size_t bytes)
{
	if (HP_UNLIKELY(!next.random)) {
		next.random = (uintptr_t)&next ^ hp_os_random() ^ hp_os_now_ms();
		next.left += hp_poisson_next(&next.random, hp_sample_rate);
	}
	if (next.left > 0)
		return false;
	next.left = hp_poisson_next(&next.random, hp_sample_rate);
	return bytes <= PTRDIFF_MAX;
}

/* Of requests that cannot be met, anything. */
static bool is_counted_down(size_t bytes)
{
	next.left -= (int64_t)(bytes & PTRDIFF_MAX);
	return HP_UNLIKELY(next.left <= 0);
}

bool hp_sample_is_due(size_t bytes)
{
	return is_counted_down(bytes) && has_byte(bytes);
}

/* The hit paths of malloc and calloc, one step later; a stand-in has no blocks. */
static inline void *pop(size_t bytes)
{
	if (HP_UNLIKELY(bytes - 1 >= HP_CLASS_MAX_BYTES))
		return NULL;
	return hp_arena_pop(hp_self, hp_class_of(bytes));
}

HP_NOINLINE static void *take_other(size_t bytes, size_t align_bytes, enum hp_content content)
{
	bool is_hit = align_bytes == 1 && bytes <= HP_CLASS_SMALL_BYTES;
	void *block = is_hit ? pop(bytes) : NULL;

	return block ? memset(block, 0, bytes) : hp_block_take_plain(bytes, align_bytes, content);
}

HP_NOINLINE static void *take_due(size_t bytes, size_t align_bytes, enum hp_content content)
{
	int kept_errno = errno;
	void *block;

	if (!has_byte(bytes))
		return hp_block_take_plain(bytes, align_bytes, content);
	block = take_sampled(bytes, align_bytes, content);
	if (block)
		errno = kept_errno;
	return block;
}

void *hp_sample_take(size_t bytes, size_t align_bytes, enum hp_content content)
{
	void *block;

	if (HP_UNLIKELY(is_counted_down(bytes)))
		return take_due(bytes, align_bytes, content);
	if (HP_UNLIKELY(content == HP_CONTENT_ZERO || align_bytes != 1))
		return take_other(bytes, align_bytes, content);
	block = pop(bytes);
	return HP_LIKELY(block) ? block : hp_block_take_plain(bytes, align_bytes, content);
}

void hp_sample_resized(struct hp_sample before, struct hp_span *large, size_t bytes)
{
	uintptr_t frames[HP_STACKS_FRAMES];

	hp_sample_freed(before);
	large->free = NULL;
	large->carved = 0;
	if (hp_sample_is_due(bytes) && hp_sample_stack(frames))
		hp_sample_note(large, frames, bytes);
}

static int write_to(const char *path)
{
	int fd, error = hp_os_file_create(path, &fd);

	if (error)
		return error;
	error = hp_pprof_write(fd, hp_sample_rate);
	hp_os_file_close(fd);
	return error;
}

int hp_profile_write(const char *path)
{
	int kept_errno = errno, error = -EINVAL;

	if (hp_sample_is_on() && path)
		error = write_to(path);
	errno = kept_errno;
	return -error;
}

/* A child that was forked has a file of its own, or none. */
__attribute__((destructor)) static void write_at_exit(void)
{
	char path[PATH_BYTES];
	int error;

	if (!hp_sample_is_on() || (profile.pid && profile.pid != hp_os_pid()))
		return;
	hp_text_expand_pid(profile.path, (unsigned)hp_os_pid(), path, sizeof(path));
	error = write_to(path);
	if (error)
		hp_warn("the profile cannot be written to %s: error %u", path, (unsigned)-error);
}

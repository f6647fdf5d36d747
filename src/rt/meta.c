/* See meta.h. The first chunk is static, so that a small program's heap starts without a mmap. */
#include "rt/meta.h"

#include <stdatomic.h>
#include <string.h>

#include "base/attr.h"
#include "base/check.h"
#include "base/lock.h"
#include "os/os.h"
#include "rt/release.h"

enum { FIRST_CHUNK_BYTES = 16 << 10, CHUNK_BYTES = 256 << 10 };

static struct {
	struct hp_lock lock;
	char *next; /* unused part of the newest chunk */
	size_t room;
	struct chunk *chunks; /* those mapped, newest first */
	_Atomic uint64_t mapped_bytes;
} meta = { .lock = HP_LOCK_INIT(HP_RANK_META) };

/* What a mapped chunk begins with. */
struct chunk {
	struct chunk *older;
} HP_ALIGNED(64);

static char first_chunk[FIRST_CHUNK_BYTES] HP_ALIGNED(64);

/* Both under the lock; NULL if there is none. */
static void *pop_given(struct hp_meta_kind *kind)
{
	void *object = kind->given;

	if (object)
		memcpy(&kind->given, object, sizeof(void *));
	return object;
}

static void *cut(size_t bytes)
{
	void *object = meta.next;

	if (!meta.next) {
		object = meta.next = first_chunk;
		meta.room = sizeof(first_chunk);
	}
	if (meta.room < bytes)
		return NULL;
	meta.next += bytes;
	meta.room -= bytes;
	return object;
}

/* Uses the fresh chunk, if there is one and need be: then *chunk is NULL. */
static void *take(struct hp_meta_kind *kind, char **chunk)
{
	void *object;

	hp_lock_acquire(&meta.lock);
	object = pop_given(kind);
	if (!object)
		object = cut(kind->bytes);
	if (!object && *chunk) {
		struct chunk *fresh = (struct chunk *)(void *)*chunk;

		fresh->older = meta.chunks;
		meta.chunks = fresh;
		meta.next = *chunk + sizeof(*fresh);
		meta.room = CHUNK_BYTES - sizeof(*fresh);
		*chunk = NULL;
		object = cut(kind->bytes);
	}
	hp_lock_release(&meta.lock);
	return object;
}

void *hp_meta_take(struct hp_meta_kind *kind)
{
	char *none = NULL;
	void *object = take(kind, &none), *mapped = NULL;
	char *chunk;

	HP_ASSERT(kind->bytes % 64 == 0 && kind->bytes <= FIRST_CHUNK_BYTES);
	if (!object) {
		if (hp_os_map(NULL, CHUNK_BYTES, HP_PAGE_BYTES, &mapped))
			return NULL;
		chunk = mapped;
		object = take(kind, &chunk);
		/* Another thread was faster: its chunk serves. */
		if (chunk)
			hp_release(chunk, CHUNK_BYTES);
		else
			hp_meta_count(CHUNK_BYTES);
	}
	return memset(object, 0, kind->bytes);
}

void hp_meta_give(struct hp_meta_kind *kind, void *object)
{
	hp_lock_acquire(&meta.lock);
	memcpy(object, &kind->given, sizeof(void *));
	kind->given = object;
	hp_lock_release(&meta.lock);
}

void hp_meta_count(size_t bytes)
{
	atomic_fetch_add_explicit(&meta.mapped_bytes, bytes, memory_order_relaxed);
}

uint64_t hp_meta_bytes(void)
{
	return atomic_load_explicit(&meta.mapped_bytes, memory_order_relaxed);
}

uint64_t hp_meta_resident_bytes(void)
{
	const struct chunk *chunk;
	size_t pages, all = 0;

	hp_lock_acquire(&meta.lock);
	chunk = meta.chunks;
	hp_lock_release(&meta.lock);
	/* What is on the list stays there, and as it is. */
	for (; chunk; chunk = chunk->older) {
		if (!hp_os_pages_own(chunk, CHUNK_BYTES, &pages))
			all += pages;
	}
	return all * HP_PAGE_BYTES;
}

void hp_meta_lock(void)
{
	hp_lock_acquire(&meta.lock);
}

void hp_meta_unlock(void)
{
	hp_lock_release(&meta.lock);
}

void hp_meta_reset(void)
{
	hp_lock_reset(&meta.lock);
}

/* See stacks.h. An index by open addressing leads to entries that lie in chunks. */
#include "profile/stacks.h"

#include <stdatomic.h>
#include <string.h>

#include "base/attr.h"
#include "os/os.h"
#include "profile/poisson.h"
#include "rt/meta.h"
#include "rt/release.h"

enum { CHUNK_ENTRIES = 512, CHUNKS = 64, ENTRIES = CHUNKS * CHUNK_ENTRIES, PLACES = 2 * ENTRIES };

struct hp_stacks_entry {
	uint64_t hash;
	uintptr_t frames[HP_STACKS_FRAMES];
	_Atomic uint64_t allocated, allocated_bytes, freed, freed_bytes;
} HP_ALIGNED(64);

static struct {
	_Atomic uint32_t *index; /* an entry's number and 1, or 0 */
	_Atomic(struct hp_stacks_entry *) chunks[CHUNKS];
	_Atomic uint32_t count; /* of entries; beyond ENTRIES when full */
	struct hp_stacks_entry rest;
} stacks;

static void *map(size_t bytes)
{
	void *memory = NULL;

	if (hp_os_map(NULL, bytes, HP_PAGE_BYTES, &memory))
		return NULL;
	hp_meta_count(bytes);
	return memory;
}

bool hp_stacks_init(void)
{
	stacks.index = map(PLACES * sizeof(*stacks.index));
	return stacks.index;
}

/* Acquire: pairs with the release below, so that a chunk is seen zeroed. */
static struct hp_stacks_entry *chunk_of(uint32_t number)
{
	_Atomic(struct hp_stacks_entry *) *chunk = &stacks.chunks[number / CHUNK_ENTRIES];
	size_t bytes = CHUNK_ENTRIES * sizeof(struct hp_stacks_entry);
	struct hp_stacks_entry *entries = atomic_load_explicit(chunk, memory_order_acquire);
	struct hp_stacks_entry *fresh, *none = NULL;

	if (entries)
		return entries;
	fresh = map(bytes);
	if (!fresh)
		return NULL;
	if (atomic_compare_exchange_strong_explicit(chunk, &none, fresh, memory_order_acq_rel,
						    memory_order_acquire))
		return fresh;
	hp_release(fresh, bytes);
	hp_meta_count(-bytes);
	return none;
}

static struct hp_stacks_entry *entry_at(uint32_t number)
{
	struct hp_stacks_entry *chunk = chunk_of(number);

	return chunk ? &chunk[number % CHUNK_ENTRIES] : NULL;
}

/* The number and 1 of a new entry; 0 if there is no room. */
static uint32_t make(uint64_t hash, const uintptr_t *frames)
{
	uint32_t number = atomic_load_explicit(&stacks.count, memory_order_relaxed);
	struct hp_stacks_entry *entry;

	if (number >= ENTRIES)
		return 0;
	number = atomic_fetch_add_explicit(&stacks.count, 1, memory_order_relaxed);
	entry = number < ENTRIES ? entry_at(number) : NULL;
	if (!entry)
		return 0;
	entry->hash = hash;
	memcpy(entry->frames, frames, sizeof(entry->frames));
	return number + 1;
}

static uint64_t hash_of(const uintptr_t *frames)
{
	uint64_t hash = 0;

	for (unsigned i = 0; i < HP_STACKS_FRAMES && frames[i]; i++) {
		hash = (hash ^ frames[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return hash;
}

/*
 * Of two threads that add the same stack one loses its entry, which stays without counts. Release:
 * pairs with the acquire of who finds it, so that the entry is seen whole.
 */
static struct hp_stacks_entry *find(const uintptr_t *frames)
{
	uint64_t hash = hash_of(frames);
	uint32_t made = 0;

	for (uint32_t i = 0; i < PLACES; i++) {
		_Atomic uint32_t *place = &stacks.index[(hash + i) % PLACES];
		uint32_t number = atomic_load_explicit(place, memory_order_acquire);
		struct hp_stacks_entry *entry;

		if (!number && !made && !(made = make(hash, frames)))
			break;
		if (!number && atomic_compare_exchange_strong_explicit(place, &number, made,
								       memory_order_acq_rel,
								       memory_order_acquire))
			return entry_at(made - 1);
		entry = entry_at(number - 1);
		if (entry->hash == hash && !memcmp(entry->frames, frames, sizeof(entry->frames)))
			return entry;
	}
	return &stacks.rest;
}

static void count(_Atomic uint64_t *objects, _Atomic uint64_t *sum, size_t bytes, size_t mean)
{
	double weight = 1 / hp_poisson_chance(bytes, mean);

	atomic_fetch_add_explicit(sum, (uint64_t)(weight * (double)bytes), memory_order_relaxed);
	atomic_fetch_add_explicit(objects, (uint64_t)(weight * (double)HP_STACKS_ONE),
				  memory_order_release);
}

struct hp_stacks_entry *hp_stacks_add(const uintptr_t frames[HP_STACKS_FRAMES], size_t bytes,
				      size_t mean)
{
	struct hp_stacks_entry *entry = find(frames);

	count(&entry->allocated, &entry->allocated_bytes, bytes, mean);
	return entry;
}

void hp_stacks_remove(struct hp_stacks_entry *entry, size_t bytes, size_t mean)
{
	count(&entry->freed, &entry->freed_bytes, bytes, mean);
}

/*
 * Freed first: a block that is freed meanwhile counts as live rather than as less than none.
 * Acquire: pairs with the release of who counted, so that who sees a count sees the frames.
 */
static void read_counts(struct hp_stacks_entry *entry, struct hp_stacks_counts *out_counts)
{
	out_counts->freed_bytes = atomic_load_explicit(&entry->freed_bytes, memory_order_acquire);
	out_counts->freed = atomic_load_explicit(&entry->freed, memory_order_acquire);
	out_counts->allocated = atomic_load_explicit(&entry->allocated, memory_order_acquire);
	out_counts->allocated_bytes =
		atomic_load_explicit(&entry->allocated_bytes, memory_order_acquire);
}

const uintptr_t *hp_stacks_get(size_t number, struct hp_stacks_counts *out_counts)
{
	size_t made = atomic_load_explicit(&stacks.count, memory_order_relaxed);
	struct hp_stacks_entry *entry = &stacks.rest;

	made = made < ENTRIES ? made : ENTRIES;
	if (number > made)
		return NULL;
	if (number < made)
		entry = entry_at((uint32_t)number);
	if (entry)
		read_counts(entry, out_counts);
	else /* there was no memory for it */
		memset(out_counts, 0, sizeof(*out_counts));
	return entry ? entry->frames : stacks.rest.frames;
}

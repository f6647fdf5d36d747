/* See region.h. Only one thread at a time is in here: the pool's `growing` flag sees to it. */
#include "pool/region.h"

#include <errno.h>

#include "base/bits.h"
#include "base/check.h"
#include "pool/pagemap.h"
#include "rt/meta.h"
#include "rt/release.h"

/*
 * The tables of the main region lie below it, each with room for the largest heap, so that all
 * grow in place. Far from where the kernel puts mappings by itself.
 */
#define MAIN_LIMIT_BYTES ((size_t)4 << 40)
#define FIRST_BYTES HP_HUGEPAGE_BYTES
/* One that cannot grow is larger, and under ThreadSanitizer so large that all tests are in it. */
#define FIXED_BYTES ((size_t)(HP_THREAD_SANITIZER ? 1024 : 64) << 20)
/*
 * Room between the tables and the blocks. Not a power of two: a block and its cell whose addresses
 * share many bits evict each other where the cache predicts its way by a hash of them (AMD; malloc
 * and free of one block took 18 ns instead of 6).
 */
#define TABLES_GAP_BYTES (((size_t)1 << 30) + 37 * HP_PAGE_BYTES)
#define STEP_LIMIT_BYTES ((size_t)256 << 30)

enum { PLACES = 4 }; /* random addresses to try before the kernel is asked for one */

struct hp_regions hp_regions;
struct hp_pagemap hp_pagemap;

/* Bytes of each table for a region of this size. */
struct tables {
	size_t cells, slots, bits;
};

static struct tables tables_for(size_t bytes)
{
	size_t slots = bytes / HP_HUGEPAGE_BYTES;

	return (struct tables){
		.cells = hp_round_up(slots * HP_SLOT_UNITS * HP_SPAN_BYTES, HP_PAGE_BYTES),
		.slots = hp_round_up(slots * HP_SLOT_BYTES, HP_PAGE_BYTES),
		.bits = hp_round_up((slots + 63) / 64 * sizeof(uint64_t), HP_PAGE_BYTES),
	};
}

/* Extends one table from `have` to `need` bytes; at NULL with nothing there, anywhere. */
static int extend_table(char **table, size_t have, size_t need)
{
	void *added = NULL;
	int error;

	if (need == have)
		return 0;
	error = hp_os_map(*table ? *table + have : NULL, need - have, HP_PAGE_BYTES, &added);
	if (error)
		return error;
	if (!*table)
		*table = added;
	return 0;
}

static void drop_table_end(char *table, size_t have, size_t need)
{
	if (need > have)
		hp_release(table + have, need - have);
}

/* All three tables, or none of the addition. */
static int extend_tables(struct hp_region *region, struct tables have, struct tables need)
{
	char *slots = (char *)region->slots, *bits = (char *)region->free_bits;
	int error = extend_table(&region->cells, have.cells, need.cells);

	if (error)
		return error;
	error = extend_table(&slots, have.slots, need.slots);
	if (!error) {
		error = extend_table(&bits, have.bits, need.bits);
		if (error)
			drop_table_end(slots, have.slots, need.slots);
	}
	if (error) {
		drop_table_end(region->cells, have.cells, need.cells);
		return error;
	}
	region->slots = (struct hp_slot *)(void *)slots;
	region->free_bits = (uint64_t *)(void *)bits;
	hp_meta_count(need.cells - have.cells + need.slots - have.slots + need.bits - have.bits);
	return 0;
}

/* Publishes `added` more bytes; their slots, all zero, are nobody's until the pool has them. */
static void publish(struct hp_region *region, size_t added)
{
	size_t bytes = atomic_load_explicit(&region->bytes, memory_order_relaxed) + added;

	/* Pairs with the acquire in hp_region_slots(): who sees the size sees the tables. */
	atomic_store_explicit(&region->bytes, bytes, memory_order_release);
	if (region != &hp_regions.at[0])
		return;
	/* Written once, by hp_region_init(), before there is a second thread. */
	if (!hp_pagemap.cells) {
		hp_pagemap.base = region->base;
		hp_pagemap.cells = region->cells;
	}
	__atomic_store_n(&hp_pagemap.bytes, bytes, __ATOMIC_RELEASE);
}

static int grow_in_place(struct hp_region *region, size_t bytes)
{
	size_t have = atomic_load_explicit(&region->bytes, memory_order_relaxed);
	void *added = NULL;
	int error;

	if (have + bytes > region->limit_bytes)
		return -ENOMEM;
	hp_release_rest(); /* of an attempt before: the addresses are these */
	error = hp_os_reserve((void *)(region->base + have), bytes, HP_HUGEPAGE_BYTES, &added);
	if (error)
		return error;
	error = extend_tables(region, tables_for(have), tables_for(have + bytes));
	if (error) {
		hp_release(added, bytes);
		return error;
	}
	publish(region, bytes);
	return 0;
}

/* A region of this size, its address and its tables anywhere. */
static int add_fixed(struct hp_region *region, size_t bytes)
{
	void *base = NULL;
	int error = hp_os_reserve(NULL, bytes, HP_HUGEPAGE_BYTES, &base);

	if (error)
		return error;
	region->base = (uintptr_t)base;
	region->limit_bytes = 0;
	error = extend_tables(region, (struct tables){ 0 }, tables_for(bytes));
	if (error) {
		hp_release(base, bytes);
		*region = (struct hp_region){ 0 };
		return error;
	}
	publish(region, bytes);
	return 0;
}

/* The main region, at a random place between 16 and 64 TB that nothing else uses. */
static int add_main(struct hp_region *region, size_t bytes)
{
	struct tables room = tables_for(MAIN_LIMIT_BYTES);
	uint64_t random = hp_os_random();

	for (unsigned i = 0; i < PLACES; i++, random = random >> 13 | random << 51) {
		uintptr_t base = ((uintptr_t)16 << 40) + random % ((uintptr_t)48 << 40);

		base = hp_round_up(base, (size_t)1 << 30);
		*region = (struct hp_region){
			.base = base,
			.limit_bytes = MAIN_LIMIT_BYTES,
			.cells = (char *)base - TABLES_GAP_BYTES - room.cells,
		};
		region->slots = (struct hp_slot *)(void *)(region->cells - room.slots);
		region->free_bits = (uint64_t *)(void *)(region->cells - room.slots - room.bits);
		if (!grow_in_place(region, bytes))
			return 0;
	}
	*region = (struct hp_region){ 0 };
	return -ENOMEM;
}

/* Beside the main region, however small or absent that is. */
static int add_region(size_t bytes)
{
	unsigned count = atomic_load_explicit(&hp_regions.count, memory_order_relaxed);
	int error;

	if (count == HP_REGIONS_MAX)
		return -ENOMEM;
	error = add_fixed(&hp_regions.at[count], bytes);
	if (!error)
		atomic_store_explicit(&hp_regions.count, count + 1, memory_order_release);
	return error;
}

int hp_region_init(size_t *out_slots)
{
	int error = HP_THREAD_SANITIZER ? -ENOMEM : add_main(&hp_regions.at[0], FIRST_BYTES);

	for (size_t bytes = FIXED_BYTES; error && bytes >= HP_HUGEPAGE_BYTES; bytes /= 2)
		error = add_fixed(&hp_regions.at[0], bytes);
	atomic_store_explicit(&hp_regions.count, 1, memory_order_release);
	*out_slots = hp_region_slots(&hp_regions.at[0]);
	return error;
}

uint64_t hp_region_reserved_bytes(void)
{
	unsigned count = atomic_load_explicit(&hp_regions.count, memory_order_acquire);
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += atomic_load_explicit(&hp_regions.at[i].bytes, memory_order_relaxed);
	return bytes;
}

static uint64_t resident_bytes(const void *table, size_t bytes)
{
	size_t pages = 0;

	hp_os_pages_own(table, bytes, &pages);
	return pages * HP_PAGE_BYTES;
}

uint64_t hp_region_table_resident_bytes(void)
{
	unsigned count = atomic_load_explicit(&hp_regions.count, memory_order_acquire);
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct hp_region *region = &hp_regions.at[i];
		struct tables tables =
			tables_for(atomic_load_explicit(&region->bytes, memory_order_acquire));

		bytes += resident_bytes(region->cells, tables.cells) +
			 resident_bytes(region->slots, tables.slots) +
			 resident_bytes(region->free_bits, tables.bits);
	}
	return bytes;
}

/* What to ask for: twice what there is, or the need; then half of that, down to the need. */
static size_t first_step(size_t need)
{
	size_t twice = hp_max(hp_region_reserved_bytes(), FIRST_BYTES);

	return hp_max(need, hp_min(twice, STEP_LIMIT_BYTES));
}

static size_t next_step(size_t bytes, size_t need)
{
	return bytes > need ? hp_max(hp_round_down(bytes / 2, HP_HUGEPAGE_BYTES), need) : 0;
}

int hp_region_grow_main(size_t slots, struct hp_region **out_region, size_t *out_first,
			size_t *out_count)
{
	struct hp_region *region = &hp_regions.at[0];
	size_t need = slots * HP_HUGEPAGE_BYTES;
	size_t before = hp_region_slots(region);

	for (size_t bytes = first_step(need); bytes && region->base;
	     bytes = next_step(bytes, need)) {
		if (grow_in_place(region, bytes))
			continue;
		*out_region = region;
		*out_first = before;
		*out_count = bytes / HP_HUGEPAGE_BYTES;
		return 0;
	}
	return -ENOMEM;
}

int hp_region_grow(size_t slots, struct hp_region **out_region, size_t *out_first,
		   size_t *out_count)
{
	size_t need = slots * HP_HUGEPAGE_BYTES;

	if (!hp_region_grow_main(slots, out_region, out_first, out_count))
		return 0;
	for (size_t bytes = first_step(need); bytes; bytes = next_step(bytes, need)) {
		if (add_region(bytes))
			continue;
		*out_region = &hp_regions.at[atomic_load(&hp_regions.count) - 1];
		*out_first = 0;
		*out_count = bytes / HP_HUGEPAGE_BYTES;
		return 0;
	}
	return -ENOMEM;
}

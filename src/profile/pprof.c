/*
 * See pprof.h. A place in the code is numbered by its address; which were written already is known
 * by a table of addresses. Mappings are numbered in the order of /proc/self/maps, from 1, and each
 * is written before the places in it.
 */
#include "profile/pprof.h"

#include <string.h>

#include "base/bits.h"
#include "base/text.h"
#include "os/os.h"
#include "profile/protobuf.h"
#include "profile/stacks.h"
#include "rt/release.h"

/* Fields of the message Profile. */
enum { SAMPLE_TYPE = 1, SAMPLE, MAPPING, LOCATION, STRING = 6, PERIOD_TYPE = 11, PERIOD };

enum { VALUES = 4, MAPPINGS_MAX = 512 };

/* The first texts, by their numbers. */
static const char *const texts[] = { "",      "alloc_objects", "count",	      "alloc_space",
				     "bytes", "inuse_objects", "inuse_space", "space" };

enum { COUNT = 2, UNIT_BYTES = 4, SPACE = 7, TEXTS };

static const unsigned char types[VALUES][2] = {
	{ 1, COUNT }, { 3, UNIT_BYTES }, { 5, COUNT }, { 6, UNIT_BYTES }
};

struct mapping {
	uintptr_t start, end;
};

struct profile {
	char work[HP_OS_MODULES_WORK_BYTES] HP_ALIGNED(16);
	struct hp_message_file file;
	struct mapping mappings[MAPPINGS_MAX];
	size_t mapping_count;
	uint64_t text_count;
	char last_path[256];
	uintptr_t *seen; /* addresses, open addressing */
	size_t places;	 /* a power of two */
};

static void write_types(struct profile *profile)
{
	struct hp_message type;

	for (size_t i = 0; i < TEXTS; i++)
		hp_message_file_text(&profile->file, STRING, texts[i]);
	profile->text_count = TEXTS;
	for (size_t i = 0; i < VALUES; i++) {
		type.length = 0;
		hp_message_number(&type, 1, types[i][0]);
		hp_message_number(&type, 2, types[i][1]);
		hp_message_file_add(&profile->file, SAMPLE_TYPE, &type);
	}
	type.length = 0;
	hp_message_number(&type, 1, SPACE);
	hp_message_number(&type, 2, UNIT_BYTES);
	hp_message_file_add(&profile->file, PERIOD_TYPE, &type);
}

static void add_mapping(const struct hp_os_module *module, void *context)
{
	struct profile *profile = context;
	struct hp_message message = { 0 };
	size_t number = profile->mapping_count;

	if (number == MAPPINGS_MAX)
		return;
	profile->mappings[number] = (struct mapping){ module->start, module->end };
	profile->mapping_count++;
	if (strcmp(module->path, profile->last_path)) {
		hp_message_file_text(&profile->file, STRING, module->path);
		profile->text_count++;
		hp_text_format(profile->last_path, sizeof(profile->last_path), "%s", module->path);
	}
	hp_message_number(&message, 1, number + 1);
	hp_message_number(&message, 2, module->start);
	hp_message_number(&message, 3, module->end);
	hp_message_number(&message, 4, module->offset);
	hp_message_number(&message, 5, profile->text_count - 1);
	hp_message_file_add(&profile->file, MAPPING, &message);
}

/* True the first time. A full table forgets: the reader is shown a place twice then, no worse. */
static bool is_new(struct profile *profile, uintptr_t address)
{
	size_t hash = (address * 0x9e3779b97f4a7c15u) >> 20;

	for (size_t i = 0; i < profile->places; i++) {
		uintptr_t *place = &profile->seen[(hash + i) & (profile->places - 1)];

		if (*place == address)
			return false;
		if (!*place) {
			*place = address;
			return true;
		}
	}
	return true;
}

static void write_location(struct profile *profile, uintptr_t address)
{
	struct hp_message message = { 0 };
	size_t i = 0;

	while (i < profile->mapping_count &&
	       address - profile->mappings[i].start >=
		       profile->mappings[i].end - profile->mappings[i].start)
		i++;
	hp_message_number(&message, 1, address);
	if (i < profile->mapping_count)
		hp_message_number(&message, 2, i + 1);
	hp_message_number(&message, 3, address);
	hp_message_file_add(&profile->file, LOCATION, &message);
}

/* The nearest whole objects; at least one where there are bytes. */
static uint64_t objects(uint64_t parts)
{
	uint64_t whole = (parts + HP_STACKS_ONE / 2) / HP_STACKS_ONE;

	return parts && !whole ? 1 : whole;
}

/* Frames are return addresses: the call is a byte before. */
static void write_sample(struct profile *profile, const uintptr_t *frames,
			 const struct hp_stacks_counts *counts)
{
	uint64_t live = counts->allocated - hp_min(counts->freed, counts->allocated);
	uint64_t live_bytes =
		counts->allocated_bytes - hp_min(counts->freed_bytes, counts->allocated_bytes);
	uint64_t values[VALUES] = { objects(counts->allocated), counts->allocated_bytes,
				    objects(live), live_bytes };
	struct hp_message message = { 0 };

	for (unsigned i = 0; i < HP_STACKS_FRAMES && frames[i]; i++) {
		if (is_new(profile, frames[i] - 1))
			write_location(profile, frames[i] - 1);
		hp_message_number(&message, 1, frames[i] - 1);
	}
	hp_message_numbers(&message, 2, values, VALUES);
	hp_message_file_add(&profile->file, SAMPLE, &message);
}

static void write_samples(struct profile *profile)
{
	struct hp_stacks_counts counts;
	const uintptr_t *frames;

	for (size_t i = 0; (frames = hp_stacks_get(i, &counts)); i++) {
		if (counts.allocated)
			write_sample(profile, frames, &counts);
	}
}

/* Room for the addresses of all stacks twice over. */
static size_t places_needed(void)
{
	struct hp_stacks_counts counts;
	size_t frames = HP_STACKS_FRAMES, places = 1024;

	for (size_t i = 0; hp_stacks_get(i, &counts); i++)
		frames += HP_STACKS_FRAMES;
	while (places < 2 * frames)
		places *= 2;
	return places;
}

int hp_pprof_write(int fd, size_t mean)
{
	size_t places = places_needed(), bytes;
	struct profile *profile;
	void *memory = NULL;
	int error;

	bytes = hp_round_up(sizeof(*profile) + places * sizeof(uintptr_t), HP_PAGE_BYTES);
	error = hp_os_map(NULL, bytes, HP_PAGE_BYTES, &memory);
	if (error)
		return error;
	profile = memory;
	profile->file.fd = fd;
	profile->places = places;
	profile->seen = (uintptr_t *)(profile + 1);
	write_types(profile);
	hp_os_modules_walk((void *)profile->work, add_mapping, profile);
	write_samples(profile);
	hp_message_file_number(&profile->file, PERIOD, mean);
	error = hp_message_file_end(&profile->file);
	hp_release(memory, bytes);
	return error;
}

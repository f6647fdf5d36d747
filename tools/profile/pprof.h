/*
 * A profile in pprof's format, as the library writes it: what is needed of it for a table and a
 * picture. The file may be anything; what is no profile is refused.
 */
#ifndef HP_TOOLS_PROFILE_PPROF_H
#define HP_TOOLS_PROFILE_PPROF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The values of a sample, in their order. */
enum hp_profile_value {
	HP_PROFILE_ALLOC_OBJECTS,
	HP_PROFILE_ALLOC_BYTES,
	HP_PROFILE_LIVE_OBJECTS,
	HP_PROFILE_LIVE_BYTES,
	HP_PROFILE_VALUES,
};

struct hp_profile_mapping {
	uint64_t start, end, offset;
	uint64_t path; /* the number of a text */
};

struct hp_profile_location {
	uint64_t id, mapping, address; /* mappings are numbered from 1 */
};

struct hp_profile_sample {
	size_t first, frames; /* of `frames`, innermost first */
	uint64_t values[HP_PROFILE_VALUES];
};

struct hp_profile {
	struct hp_profile_mapping *mappings;
	struct hp_profile_location *locations; /* by rising id */
	struct hp_profile_sample *samples;
	uint64_t *frames; /* ids of locations */
	char **texts;
	size_t mapping_count, location_count, sample_count, frame_count, text_count;
	uint64_t period; /* bytes that a sample stands for */
};

/* Reads a profile from memory; false, with nothing to free, if it is none. */
bool hp_profile_read(const unsigned char *bytes, size_t count, struct hp_profile *out_profile);
void hp_profile_free(struct hp_profile *profile);

/* NULL if there is none. */
const struct hp_profile_location *hp_profile_location(const struct hp_profile *profile,
						      uint64_t id);
const struct hp_profile_mapping *hp_profile_mapping(const struct hp_profile *profile,
						    uint64_t number);
const char *hp_profile_text(const struct hp_profile *profile, uint64_t number);

#endif

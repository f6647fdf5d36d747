/* The libFuzzer target of the profile that `hpalloc profile` reads. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profile/pprof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

/* Whatever it names can be looked for, and is there or not. */
static void look_up(const struct hp_profile *profile)
{
	for (size_t i = 0; i < profile->frame_count; i++) {
		const struct hp_profile_location *location =
			hp_profile_location(profile, profile->frames[i]);
		const struct hp_profile_mapping *mapping;
		const char *path = NULL;

		if (!location)
			continue;
		check(location->id == profile->frames[i]);
		mapping = hp_profile_mapping(profile, location->mapping);
		if (mapping)
			path = hp_profile_text(profile, mapping->path);
		check(!path || strlen(path) < SIZE_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_profile profile;
	size_t frames = 0;

	if (!hp_profile_read(data, size, &profile)) {
		check(!profile.texts && !profile.samples);
		return 0;
	}
	for (size_t i = 0; i < profile.sample_count; i++) {
		check(profile.samples[i].first == frames);
		frames += profile.samples[i].frames;
	}
	check(frames == profile.frame_count && profile.text_count > 0);
	look_up(&profile);
	hp_profile_free(&profile);
	return 0;
}

/* See names.h. */
#include "profile/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/say.h"
#include "common/symbols.h"

struct hp_names {
	const struct hp_profile *profile;
	struct hp_symbols **symbols; /* of each mapping; those of one file have the same */
	char **texts;		     /* of each location */
};

/* Mappings of a file follow each other. */
static void read_files(struct hp_names *names)
{
	const struct hp_profile *profile = names->profile;

	for (size_t i = 0; i < profile->mapping_count; i++) {
		const char *path = hp_profile_text(profile, profile->mappings[i].path);

		if (i && profile->mappings[i].path == profile->mappings[i - 1].path)
			names->symbols[i] = names->symbols[i - 1];
		else if (path && *path)
			names->symbols[i] = hp_symbols_read(path);
	}
}

static char *name_of(const struct hp_names *names, const struct hp_profile_location *location)
{
	const struct hp_profile *profile = names->profile;
	const struct hp_profile_mapping *mapping = hp_profile_mapping(profile, location->mapping);
	const char *path = mapping ? hp_profile_text(profile, mapping->path) : NULL;
	const char *function = NULL, *slash;
	uint64_t offset;
	char *text = NULL;

	if (!path) {
		if (asprintf(&text, "0x%" PRIx64, location->address) < 0)
			return NULL;
		return text;
	}
	offset = location->address - mapping->start + mapping->offset;
	function = hp_symbols_find(names->symbols[location->mapping - 1], offset);
	slash = strrchr(path, '/');
	if (function)
		text = strdup(function);
	else if (asprintf(&text, "%s+0x%" PRIx64, slash ? slash + 1 : path, offset) < 0)
		text = NULL;
	if (text)
		hp_make_harmless(text, strlen(text));
	return text;
}

struct hp_names *hp_names_make(const struct hp_profile *profile)
{
	struct hp_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->profile = profile;
	names->symbols = calloc(profile->mapping_count + 1, sizeof(struct hp_symbols *));
	names->texts = calloc(profile->location_count + 1, sizeof(char *));
	if (!names->symbols || !names->texts) {
		hp_names_free(names);
		return NULL;
	}
	read_files(names);
	for (size_t i = 0; i < profile->location_count; i++)
		names->texts[i] = name_of(names, &profile->locations[i]);
	return names;
}

void hp_names_free(struct hp_names *names)
{
	const struct hp_profile *profile = names->profile;

	for (size_t i = 0; names->texts && i < profile->location_count; i++)
		free(names->texts[i]);
	for (size_t i = 0; names->symbols && i < profile->mapping_count; i++) {
		if (!i || names->symbols[i] != names->symbols[i - 1])
			hp_symbols_free(names->symbols[i]);
	}
	free(names->symbols);
	free(names->texts);
	free(names);
}

const char *hp_names_get(const struct hp_names *names, uint64_t location)
{
	const struct hp_profile_location *found = hp_profile_location(names->profile, location);
	const char *text = found ? names->texts[found - names->profile->locations] : NULL;

	return text ? text : "?";
}

/* See pprof.h. The fields and their numbers: https://github.com/google/pprof, profile.proto */
#include "profile/pprof.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	const unsigned char *at, *end;
	bool is_broken;
};

struct field {
	unsigned number;
	uint64_t value;	     /* of a number */
	struct reader bytes; /* of what has a length */
};

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static uint64_t read_varint(struct reader *reader)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		unsigned char byte = *reader->at++;

		value |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return value;
	}
	reader->is_broken = true;
	return 0;
}

static void skip(struct reader *reader, uint64_t bytes)
{
	if (bytes > (uint64_t)(reader->end - reader->at))
		reader->is_broken = true;
	else
		reader->at += bytes;
}

/* False at the end, and where nothing can be understood any more. */
static bool read_field(struct reader *reader, struct field *out_field)
{
	uint64_t key, length = 0;

	if (reader->at == reader->end || reader->is_broken)
		return false;
	key = read_varint(reader);
	out_field->number = (unsigned)(key >> 3);
	out_field->value = 0;
	switch (key & 7) {
	case VARINT:
		out_field->value = read_varint(reader);
		break;
	case BYTES:
		length = read_varint(reader);
		break;
	case FIXED64:
		length = 8;
		break;
	case FIXED32:
		length = 4;
		break;
	default:
		reader->is_broken = true;
	}
	out_field->bytes = (struct reader){ .at = reader->at };
	skip(reader, length);
	out_field->bytes.end = reader->is_broken ? out_field->bytes.at : reader->at;
	return !reader->is_broken;
}

/* Room for one more behind `count` of them, or NULL. */
static void *append(void *array, size_t *count, size_t bytes)
{
	void **at = array;
	char *grown = *at;

	if (!(*count & (*count - 1))) {
		grown = reallocarray(*at, *count ? 2 * *count : 1, bytes);
		if (!grown)
			return NULL;
		*at = grown;
	}
	memset(grown + *count * bytes, 0, bytes);
	return grown + (*count)++ * bytes;
}

static bool read_mapping(struct reader reader, struct hp_profile *profile)
{
	struct hp_profile_mapping *mapping =
		append(&profile->mappings, &profile->mapping_count, sizeof(*mapping));
	struct field field;

	while (mapping && read_field(&reader, &field)) {
		if (field.number == 2)
			mapping->start = field.value;
		else if (field.number == 3)
			mapping->end = field.value;
		else if (field.number == 4)
			mapping->offset = field.value;
		else if (field.number == 5)
			mapping->path = field.value;
	}
	return mapping && !reader.is_broken;
}

static bool read_location(struct reader reader, struct hp_profile *profile)
{
	struct hp_profile_location *location =
		append(&profile->locations, &profile->location_count, sizeof(*location));
	struct field field;

	while (location && read_field(&reader, &field)) {
		if (field.number == 1)
			location->id = field.value;
		else if (field.number == 2)
			location->mapping = field.value;
		else if (field.number == 3)
			location->address = field.value;
	}
	return location && !reader.is_broken;
}

static bool add_frame(struct hp_profile *profile, uint64_t id)
{
	uint64_t *frame = append(&profile->frames, &profile->frame_count, sizeof(*frame));

	if (frame)
		*frame = id;
	return frame;
}

/* Lists of numbers come one by one, or packed into bytes. */
static bool read_number(struct field *field, uint64_t *out_value)
{
	if (field->bytes.at == field->bytes.end) {
		*out_value = field->value;
		return false;
	}
	*out_value = read_varint(&field->bytes);
	return field->bytes.at < field->bytes.end && !field->bytes.is_broken;
}

static bool read_sample(struct reader reader, struct hp_profile *profile)
{
	struct hp_profile_sample *sample =
		append(&profile->samples, &profile->sample_count, sizeof(*sample));
	struct field field;
	unsigned values = 0;

	if (!sample)
		return false;
	sample->first = profile->frame_count;
	while (read_field(&reader, &field)) {
		uint64_t value;
		bool has_more = true;

		while (has_more) {
			has_more = read_number(&field, &value);
			if (field.number == 1 && !add_frame(profile, value))
				return false;
			if (field.number == 2 && values < HP_PROFILE_VALUES)
				sample->values[values++] = value;
		}
	}
	sample->frames = profile->frame_count - sample->first;
	return values == HP_PROFILE_VALUES && !reader.is_broken;
}

static bool read_text(struct reader reader, struct hp_profile *profile)
{
	char **text = append(&profile->texts, &profile->text_count, sizeof(*text));

	if (text)
		*text = strndup((const char *)reader.at, (size_t)(reader.end - reader.at));
	return text && *text;
}

static bool read_part(const struct field *field, struct hp_profile *profile)
{
	switch (field->number) {
	case 2:
		return read_sample(field->bytes, profile);
	case 3:
		return read_mapping(field->bytes, profile);
	case 4:
		return read_location(field->bytes, profile);
	case 6:
		return read_text(field->bytes, profile);
	case 12:
		profile->period = field->value;
		return true;
	default:
		return true;
	}
}

static int by_id(const void *left, const void *right)
{
	uint64_t a = ((const struct hp_profile_location *)left)->id;
	uint64_t b = ((const struct hp_profile_location *)right)->id;

	return (a > b) - (a < b);
}

bool hp_profile_read(const unsigned char *bytes, size_t count, struct hp_profile *out_profile)
{
	struct reader reader = { .at = bytes, .end = bytes + count };
	bool is_right = count > 0;
	struct field field;

	memset(out_profile, 0, sizeof(*out_profile));
	while (is_right && read_field(&reader, &field))
		is_right = read_part(&field, out_profile);
	if (!is_right || reader.is_broken || !out_profile->text_count) {
		hp_profile_free(out_profile);
		return false;
	}
	if (out_profile->location_count)
		qsort(out_profile->locations, out_profile->location_count,
		      sizeof(*out_profile->locations), by_id);
	return true;
}

void hp_profile_free(struct hp_profile *profile)
{
	for (size_t i = 0; i < profile->text_count; i++)
		free(profile->texts[i]);
	free(profile->texts);
	free(profile->frames);
	free(profile->samples);
	free(profile->locations);
	free(profile->mappings);
	memset(profile, 0, sizeof(*profile));
}

const struct hp_profile_location *hp_profile_location(const struct hp_profile *profile, uint64_t id)
{
	struct hp_profile_location key = { .id = id };

	return profile->location_count ? bsearch(&key, profile->locations, profile->location_count,
						 sizeof(key), by_id)
				       : NULL;
}

const struct hp_profile_mapping *hp_profile_mapping(const struct hp_profile *profile,
						    uint64_t number)
{
	return number - 1 < profile->mapping_count ? &profile->mappings[number - 1] : NULL;
}

const char *hp_profile_text(const struct hp_profile *profile, uint64_t number)
{
	return number < profile->text_count ? profile->texts[number] : NULL;
}

/* See json.h. */
#include <inttypes.h>
#include <string.h>

#include "common/json.h"

#define REPLACEMENT "\\ufffd"

/* How many bytes the UTF-8 character at `text` has; 0 if it is none, too long, or a surrogate. */
static unsigned character_bytes(const unsigned char *text)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 }
	};

	for (unsigned extra = 0; extra < sizeof(forms) / sizeof(*forms); extra++) {
		uint32_t code = *text & (unsigned char)~forms[extra].mask;

		if ((*text & forms[extra].mask) != forms[extra].lead)
			continue;
		for (unsigned i = 1; i <= extra; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (text[i] & 0x3f);
		}
		if (code < forms[extra].least || code > 0x10ffff || code >> 11 == 0x1b)
			return 0;
		return extra + 1;
	}
	return 0;
}

static void put_string(FILE *out, const char *string)
{
	const unsigned char *text = (const unsigned char *)string;

	putc('"', out);
	while (*text) {
		unsigned bytes = character_bytes(text);

		if (bytes == 0)
			fputs(REPLACEMENT, out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if (*text < ' ' || *text == 0x7f)
			fprintf(out, "\\u%04x", *text);
		else
			fwrite(text, bytes, 1, out);
		text += bytes ? bytes : 1;
	}
	putc('"', out);
}

static void put_key(struct hp_json *json, const char *key)
{
	if (json->has_member)
		putc(',', json->out);
	if (json->depth)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	json->has_member = true;
	if (!key)
		return;
	put_string(json->out, key);
	fputs(": ", json->out);
}

void hp_json_begin(struct hp_json *json, const char *key, char bracket)
{
	put_key(json, key);
	putc(bracket, json->out);
	json->depth++;
	json->has_member = false;
}

void hp_json_end(struct hp_json *json, char bracket)
{
	json->depth--;
	if (json->has_member)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	putc(bracket, json->out);
	json->has_member = true;
	if (!json->depth)
		putc('\n', json->out);
}

void hp_json_number(struct hp_json *json, const char *key, uint64_t value)
{
	put_key(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void hp_json_bool(struct hp_json *json, const char *key, bool value)
{
	put_key(json, key);
	fputs(value ? "true" : "false", json->out);
}

void hp_json_text(struct hp_json *json, const char *key, const char *text)
{
	put_key(json, key);
	if (text)
		put_string(json->out, text);
	else
		fputs("null", json->out);
}

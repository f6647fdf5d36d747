/* Writes JSON, a member a call; the strings may be any bytes. */
#ifndef HP_TOOLS_COMMON_JSON_H
#define HP_TOOLS_COMMON_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct hp_json {
	FILE *out;
	unsigned depth;
	bool has_member; /* the innermost object or array has one already */
};

/* `key` is NULL in an array, and of the outermost value. `bracket` is '{' or '['. */
void hp_json_begin(struct hp_json *json, const char *key, char bracket);
/* With the bracket that closes it; the outermost one ends the line. */
void hp_json_end(struct hp_json *json, char bracket);

void hp_json_number(struct hp_json *json, const char *key, uint64_t value);
void hp_json_bool(struct hp_json *json, const char *key, bool value);
/* NULL is null. Bytes that are no UTF-8 are written as U+FFFD. */
void hp_json_text(struct hp_json *json, const char *key, const char *text);

#endif

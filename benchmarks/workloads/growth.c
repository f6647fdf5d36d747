/*
 * Growth by realloc, always of one among many, drawn at random, as programs do that fill several
 * things at once:
 *   strings  1,000 of them, to 4 KB, by 16 to 64 bytes each time: one operation is one append.
 *   vectors  256 of them, from 16 bytes to 256 KB, by half or to the double, filled in between: one
 *            operation is one growth, with the filling.
 *   buffer   one, from 4 KB to 512 MB by a tenth each time, each new page touched; in ms.
 * What has reached its size is checked, freed and begun again. The content is checked too, that of
 * the buffer outside of the time.
 */
#include "workload.h"

#include <string.h>

enum { STRINGS = 1000, STRING_MAX = 4096, APPEND_MIN = 16, APPEND_MAX_EXCLUSIVE = 65 };
enum { VECTORS = 256, VECTOR_MIN = 16, CHECK_STRIDE = 64 };

#define VECTOR_MAX (256 * BENCH_KIB)
#define BUFFER_MIN (4 * BENCH_KIB)
#define BUFFER_MAX (512 * BENCH_MIB)

static void *grow(void *block, size_t bytes)
{
	void *grown = realloc(block, bytes);

	bench_check(grown, "realloc gave NULL");
	return grown;
}

static struct string {
	char *text;
	size_t length;
} strings[STRINGS];

/* A string consists of one letter. */
static char letter_of(const struct string *string)
{
	return (char)('A' + (string - strings) % 26);
}

static void finish_string(struct string *string)
{
	const char *text = string->text;

	if (!text)
		return;
	bench_check(text[0] == letter_of(string) && !memcmp(text, text + 1, string->length - 1),
		    "a string has another letter");
	free(string->text);
	*string = (struct string){ 0 };
}

static void run_strings(const struct bench_case *self)
{
	size_t rounds = bench_count(6000000);
	uint64_t random = 1;
	double begin = bench_now();

	for (size_t i = 0; i < rounds; i++) {
		struct string *string = &strings[bench_random_below(&random, STRINGS)];
		size_t bytes =
			APPEND_MIN + bench_random_below(&random, APPEND_MAX_EXCLUSIVE - APPEND_MIN);

		if (string->length + bytes > STRING_MAX)
			finish_string(string);
		string->text = grow(string->text, string->length + bytes);
		memset(string->text + string->length, letter_of(string), bytes);
		string->length += bytes;
	}
	for (size_t i = 0; i < STRINGS; i++)
		finish_string(&strings[i]);
	bench_report_ns(self, bench_now() - begin, (double)rounds);
}

static struct vector {
	uint64_t *elements;
	size_t bytes;
} vectors[VECTORS];

static uint64_t element_of(const struct vector *vector, size_t at)
{
	return (uint64_t)(vector - vectors) << 32 | at;
}

static void grow_vector(struct vector *vector, size_t bytes)
{
	size_t at = vector->bytes / sizeof(uint64_t);

	vector->elements = grow(vector->elements, bytes);
	vector->bytes = bytes;
	for (; at < bytes / sizeof(uint64_t); at++)
		vector->elements[at] = element_of(vector, at);
}

static void finish_vector(struct vector *vector)
{
	for (size_t at = 0; at < vector->bytes / sizeof(uint64_t); at += CHECK_STRIDE)
		bench_check(vector->elements[at] == element_of(vector, at), "an element changed");
	free(vector->elements);
	*vector = (struct vector){ 0 };
}

static void run_vectors(const struct bench_case *self)
{
	size_t rounds = bench_count(self->second), factor_by_2 = self->parameter;
	uint64_t random = 1;
	double begin = bench_now();

	for (size_t i = 0; i < rounds; i++) {
		struct vector *vector = &vectors[bench_random_below(&random, VECTORS)];
		size_t bytes = vector->bytes * factor_by_2 / 2 / VECTOR_MIN * VECTOR_MIN;

		if (bytes > VECTOR_MAX) {
			finish_vector(vector);
			bytes = 0;
		}
		grow_vector(vector, bytes > vector->bytes ? bytes : vector->bytes + VECTOR_MIN);
	}
	for (size_t i = 0; i < VECTORS; i++)
		finish_vector(&vectors[i]);
	bench_report_ns(self, bench_now() - begin, (double)rounds);
}

static size_t next_bytes(size_t bytes)
{
	return bytes + bytes / 10 < BUFFER_MAX ? bytes + bytes / 10 : BUFFER_MAX;
}

static char *fill_buffer(void)
{
	char *buffer = grow(NULL, BUFFER_MIN);

	bench_touch(buffer, BUFFER_MIN);
	for (size_t now = BUFFER_MIN, next; now < BUFFER_MAX; now = next) {
		next = next_bytes(now);
		buffer = grow(buffer, next);
		bench_touch(buffer + now, next - now);
		buffer[next - 1] = 1;
	}
	return buffer;
}

static void check_buffer(const char *buffer)
{
	for (size_t now = BUFFER_MIN, next; now < BUFFER_MAX; now = next) {
		next = next_bytes(now);
		for (size_t at = now; at < next; at += 4096)
			bench_check(buffer[at] == 1, "the buffer lost what was written");
		bench_check(buffer[next - 1] == 1, "the buffer lost its end");
	}
}

static void run_buffer(const struct bench_case *self)
{
	size_t rounds = bench_count(3);
	double seconds = 0, begin;

	for (size_t i = 0; i < rounds; i++) {
		char *buffer;

		begin = bench_now();
		buffer = fill_buffer();
		seconds += bench_now() - begin;
		check_buffer(buffer);
		begin = bench_now();
		free(buffer);
		seconds += bench_now() - begin;
	}
	bench_report(self, "", seconds * 1e3 / (double)rounds, "ms");
}

const struct bench_case bench_cases[] = {
	{ "growth-strings", run_strings, 0, 0 },
	{ "growth-vectors-1.5x", run_vectors, 3, 300000 },
	{ "growth-vectors-2x", run_vectors, 4, 150000 },
	{ "growth-buffer", run_buffer, 0, 0 },
	{ 0 },
};

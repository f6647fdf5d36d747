/*
 * Messages in Google's protocol buffers, as far as a profile needs them: numbers, texts and lists
 * of numbers. A small message is put together in memory; what is written goes out by a buffer.
 * (https://protobuf.dev/programming-guides/encoding)
 */
#ifndef HP_PROFILE_PROTOBUF_H
#define HP_PROFILE_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

/* A message at hand; starts as zero. What no longer fits is left out. */
struct hp_message {
	size_t length;
	unsigned char bytes[1024];
};

void hp_message_number(struct hp_message *message, unsigned field, uint64_t value);
void hp_message_numbers(struct hp_message *message, unsigned field, const uint64_t *values,
			size_t count);

/* Where messages go: a file; starts as { .fd = fd }. */
struct hp_message_file {
	int fd;
	int error; /* of the first write that failed, negative */
	size_t length;
	unsigned char buffer[4096];
};

/* As a field of the file's own message. */
void hp_message_file_add(struct hp_message_file *file, unsigned field,
			 const struct hp_message *message);
void hp_message_file_text(struct hp_message_file *file, unsigned field, const char *text);
void hp_message_file_number(struct hp_message_file *file, unsigned field, uint64_t value);

/* 0, or the first error. */
int hp_message_file_end(struct hp_message_file *file);

#endif

/* See protobuf.h. */
#include "profile/protobuf.h"

#include <string.h>

#include "os/os.h"

enum { NUMBER = 0, BYTES = 2, VARINT_MAX_BYTES = 10 };

static size_t put_varint(unsigned char *at, uint64_t value)
{
	size_t length = 0;

	for (; value > 127; value >>= 7)
		at[length++] = (unsigned char)(value | 128);
	at[length++] = (unsigned char)value;
	return length;
}

static void append(struct hp_message *message, const unsigned char *bytes, size_t count)
{
	if (count > sizeof(message->bytes) - message->length)
		return;
	memcpy(message->bytes + message->length, bytes, count);
	message->length += count;
}

void hp_message_number(struct hp_message *message, unsigned field, uint64_t value)
{
	unsigned char bytes[2 * VARINT_MAX_BYTES];
	size_t length = put_varint(bytes, field << 3 | NUMBER);

	length += put_varint(bytes + length, value);
	append(message, bytes, length);
}

void hp_message_numbers(struct hp_message *message, unsigned field, const uint64_t *values,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		hp_message_number(message, field, values[i]);
}

static void flush(struct hp_message_file *file)
{
	if (!file->error)
		file->error = hp_os_file_write(file->fd, file->buffer, file->length);
	file->length = 0;
}

static void write_out(struct hp_message_file *file, const void *bytes, size_t count)
{
	const unsigned char *from = bytes;

	while (count) {
		size_t room = sizeof(file->buffer) - file->length;
		size_t piece = count < room ? count : room;

		memcpy(file->buffer + file->length, from, piece);
		file->length += piece;
		from += piece;
		count -= piece;
		if (file->length == sizeof(file->buffer))
			flush(file);
	}
}

static void write_bytes(struct hp_message_file *file, unsigned field, const void *bytes,
			size_t count)
{
	unsigned char head[2 * VARINT_MAX_BYTES];
	size_t length = put_varint(head, field << 3 | BYTES);

	length += put_varint(head + length, count);
	write_out(file, head, length);
	write_out(file, bytes, count);
}

void hp_message_file_add(struct hp_message_file *file, unsigned field,
			 const struct hp_message *message)
{
	write_bytes(file, field, message->bytes, message->length);
}

void hp_message_file_text(struct hp_message_file *file, unsigned field, const char *text)
{
	write_bytes(file, field, text, strlen(text));
}

void hp_message_file_number(struct hp_message_file *file, unsigned field, uint64_t value)
{
	struct hp_message number = { 0 };

	hp_message_number(&number, field, value);
	write_out(file, number.bytes, number.length);
}

int hp_message_file_end(struct hp_message_file *file)
{
	flush(file);
	return file->error;
}

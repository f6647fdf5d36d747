/*
 * The form of a trace: what the library encodes is what the command reads, of any values; and what
 * is cut off, damaged or missing is noticed, and nothing behind it believed.
 */
#include <string.h>

#include "rt/encode.h"
#include "traced.h"

enum { EVENTS = 5000, FILE_BYTES = 1 << 20 };

/* ---- a file in memory, written by hand ---- */

static struct {
	uint8_t bytes[FILE_BYTES];
	size_t size;
} file;

static void write_block(struct hp_trace_block block, const void *payload, size_t bytes)
{
	g_assert_cmpuint(file.size + sizeof(block) + bytes, <=, sizeof(file.bytes));
	block.magic = HP_TRACE_MAGIC;
	block.bytes = (uint32_t)bytes;
	block.sum = 0;
	block.sum = hp_trace_sum(hp_trace_sum(0, &block, sizeof(block)), payload, bytes);
	memcpy(file.bytes + file.size, &block, sizeof(block));
	memcpy(file.bytes + file.size + sizeof(block), payload, bytes);
	file.size += sizeof(block) + bytes;
}

static void write_start(void)
{
	struct {
		struct hp_trace_start start;
		char program[8];
	} payload = { { .version = HP_TRACE_VERSION, .pid = 7 }, "/x/prog" };

	file.size = 0;
	write_block((struct hp_trace_block){ .kind = HP_TRACE_START }, &payload, sizeof(payload));
}

/* ---- events of any values ---- */

static uint64_t any_number(uint64_t *random)
{
	uint64_t bits = hp_test_random(random);

	return bits >> (hp_test_random(random) & 63);
}

static void any_event(struct hp_event *event, uint64_t *random)
{
	static uint64_t time;

	time += any_number(random) >> 24;
	*event = (struct hp_event){
		.op = (enum hp_trace_op)(hp_test_random(random) % HP_TRACE_OPS),
		.align_log2 = (unsigned)hp_test_random(random) & 63,
		.address = (const void *)any_number(random),
		.old = (const void *)any_number(random),
		.bytes = any_number(random),
		/* Few, so that their slots are used again. */
		.caller = (const void *)(uintptr_t)(hp_test_random(random) % 700 * 0x51237),
		.time = time,
	};
}

static void is_same(const struct hp_tape_event *read, const struct hp_event *written)
{
	g_assert_cmpint(read->op, ==, written->op);
	g_assert_cmpuint(read->time, ==, written->time);
	g_assert_cmpuint(read->address, ==, (uintptr_t)written->address);
	g_assert_cmpuint(read->caller, ==, (uintptr_t)written->caller);
	g_assert_cmpuint(read->bytes, ==, written->op == HP_TRACE_FREE ? 0 : written->bytes);
	g_assert_cmpuint(read->old, ==,
			 written->op == HP_TRACE_REALLOC ? (uintptr_t)written->old : 0);
	g_assert_cmpuint(read->align, ==,
			 written->op == HP_TRACE_ALIGNED ? 1ull << written->align_log2 : 0);
}

/* As one block, or with a break behind each `piece` events, after which the code goes on. */
static void write_events(const struct hp_event *events, size_t count, size_t piece)
{
	static struct hp_encoder encoder;
	static uint8_t bytes[EVENTS * HP_EVENT_BYTES_MAX];
	uint8_t *at = bytes, *start = bytes, *end;
	struct hp_trace_block block = { .kind = HP_TRACE_EVENTS, .thread = 1 };

	memset(&encoder, 0, sizeof(encoder));
	encoder.time = block.first_time = events[0].time;
	for (size_t i = 0; i < count; i++) {
		end = hp_encode(&encoder, &events[i], at);
		g_assert_cmpuint((size_t)(end - at), <=, HP_EVENT_BYTES_MAX);
		at = end;
		block.events++;
		if (block.events == piece || i == count - 1) {
			write_block(block, start, (size_t)(at - start));
			block.sequence++;
			block.events = 0;
			block.start = (uint32_t)(at - bytes);
			start = at;
		}
	}
}

static void what_is_written_is_read(gconstpointer piece)
{
	static struct hp_event events[EVENTS];
	const struct hp_tape_block *next;
	struct hp_tape_reader reader;
	struct hp_tape_event event;
	struct hp_tape tape;
	uint64_t random = hp_test_seed();

	for (size_t i = 0; i < EVENTS; i++)
		any_event(&events[i], &random);
	write_start();
	write_events(events, EVENTS, (size_t)piece);
	g_assert_cmpint(hp_tape_parse(file.bytes, file.size, &tape), ==, 0);
	g_assert_cmpuint(tape.read_bytes, ==, file.size);
	g_assert_cmpuint(tape.events, ==, EVENTS);
	g_assert_cmpstr(tape.program, ==, "/x/prog");
	hp_tape_read_thread(&tape, tape.blocks, &reader, &next);
	for (size_t i = 0; i < EVENTS; i++) {
		g_assert_true(hp_tape_next(&reader, &event));
		is_same(&event, &events[i]);
	}
	g_assert_false(hp_tape_next(&reader, &event));
	g_assert_cmpuint(reader.skipped, ==, 0);
	hp_tape_close(&tape);
}

/* ---- losses ---- */

/* 40 events, 4 in a block that goes on. */
static void write_some(struct hp_event events[static 40])
{
	for (size_t i = 0; i < 40; i++)
		events[i] = (struct hp_event){ .op = HP_TRACE_MALLOC,
					       .address = (const void *)(0x1000 + i * 32),
					       .bytes = i,
					       .caller = (const void *)0x4711,
					       .time = i };
	write_start();
	write_events(events, 40, 4);
}

static size_t readable(size_t size, uint64_t *out_skipped)
{
	const struct hp_tape_block *next;
	struct hp_tape_reader reader;
	struct hp_tape_event event;
	struct hp_tape tape;
	size_t count = 0;

	*out_skipped = 0;
	if (hp_tape_parse(file.bytes, size, &tape))
		return SIZE_MAX;
	if (tape.block_count) {
		hp_tape_read_thread(&tape, tape.blocks, &reader, &next);
		while (hp_tape_next(&reader, &event)) {
			g_assert_cmpuint(event.bytes, ==, count);
			count++;
		}
		*out_skipped = reader.skipped;
	}
	g_assert_cmpuint(tape.read_bytes, <=, size);
	hp_tape_close(&tape);
	return count;
}

static void a_file_that_is_cut_off_is_read_up_to_there(void)
{
	struct hp_event events[40];
	size_t before = 0, count;
	uint64_t skipped;

	write_some(events);
	g_assert_cmpuint(readable(sizeof(struct hp_trace_block) - 1, &skipped), ==, SIZE_MAX);
	for (size_t size = sizeof(struct hp_trace_block); size <= file.size; size++) {
		count = readable(size, &skipped);
		g_assert_cmpuint(skipped, ==, 0);
		if (count == SIZE_MAX) {
			g_assert_cmpuint(before, ==, 0);
			continue;
		}
		g_assert_true(count == before || count == before + 4);
		before = count;
	}
	g_assert_cmpuint(before, ==, 40);
}

static void a_wrong_bit_is_noticed(void)
{
	struct hp_event events[40];
	uint64_t skipped;

	write_some(events);
	for (size_t i = 0; i < file.size * 8; i++) {
		file.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		g_assert_true(readable(file.size, &skipped) == SIZE_MAX ||
			      readable(file.size, &skipped) < 40);
		file.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

/* A block of the middle is gone: what depends on it is not guessed. */
static void what_follows_a_loss_is_not_believed(void)
{
	const size_t start = sizeof(struct hp_trace_block) + sizeof(struct hp_trace_start) + 8;
	struct hp_trace_block first;
	struct hp_event events[40];
	size_t second, third;
	uint64_t skipped;

	write_some(events);
	memcpy(&first, file.bytes + start, sizeof(first));
	second = start + sizeof(first) + first.bytes;
	memcpy(&first, file.bytes + second, sizeof(first));
	third = second + sizeof(first) + first.bytes;
	memmove(file.bytes + second, file.bytes + third, file.size - third);
	g_assert_cmpuint(readable(file.size - (third - second), &skipped), ==, 4);
	g_assert_cmpuint(skipped, ==, 32);
}

/* ---- threads, at the same moment ---- */

static void write_thread(uint32_t thread, const struct hp_event *events, size_t count)
{
	static struct hp_encoder encoder;
	uint8_t bytes[4 * HP_EVENT_BYTES_MAX], *at = bytes;
	struct hp_trace_block block = { .kind = HP_TRACE_EVENTS,
					.thread = thread,
					.events = (uint32_t)count,
					.first_time = events[0].time };

	memset(&encoder, 0, sizeof(encoder));
	encoder.time = events[0].time;
	for (size_t i = 0; i < count; i++)
		at = hp_encode(&encoder, &events[i], at);
	write_block(block, bytes, (size_t)(at - bytes));
}

/* The clock did not move while a block went from hand to hand, and its address was used again. */
static void order_is_by_what_must_have_been(void)
{
	static const struct hp_event second[] = {
		{ .op = HP_TRACE_FREE, .address = (const void *)0x1000, .time = 5 },
		{ .op = HP_TRACE_MALLOC, .address = (const void *)0x1000, .bytes = 2, .time = 5 },
	};
	static const struct hp_event third[] = {
		{ .op = HP_TRACE_MALLOC, .address = (const void *)0x1000, .bytes = 1, .time = 5 },
		{ .op = HP_TRACE_FREE, .address = (const void *)0x1000, .time = 5 },
	};
	static const uint32_t expected[] = { 3, 2, 2, 3 };
	struct hp_merge_step step;
	struct hp_merge merge;
	struct hp_tape tape;

	write_start();
	write_thread(2, second, 2);
	write_thread(3, third, 2);
	g_assert_cmpint(hp_tape_parse(file.bytes, file.size, &tape), ==, 0);
	g_assert_cmpint(hp_merge_init(&merge, &tape), ==, 0);
	for (size_t i = 0; i < HP_TEST_COUNT(expected); i++) {
		g_assert_true(hp_merge_next(&merge, &step));
		g_assert_cmpuint(step.event.thread, ==, expected[i]);
	}
	g_assert_false(hp_merge_next(&merge, &step));
	g_assert_cmpuint(merge.inherited + merge.overtaken, ==, 0);
	hp_merge_fini(&merge);
	hp_tape_close(&tape);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/trace-format/what-is-written-is-read", (gconstpointer)EVENTS,
			     what_is_written_is_read);
	g_test_add_data_func("/trace-format/in-pieces-that-go-on", (gconstpointer)7,
			     what_is_written_is_read);
	g_test_add_func("/trace-format/a-file-that-is-cut-off-is-read-up-to-there",
			a_file_that_is_cut_off_is_read_up_to_there);
	g_test_add_func("/trace-format/a-wrong-bit-is-noticed", a_wrong_bit_is_noticed);
	g_test_add_func("/trace-format/what-follows-a-loss-is-not-believed",
			what_follows_a_loss_is_not_believed);
	g_test_add_func("/trace-format/order-is-by-what-must-have-been",
			order_is_by_what_must_have_been);
	return g_test_run();
}

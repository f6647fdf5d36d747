/*
 * The libFuzzer target of tools/trace: whatever a file says, what is read of it stays inside, and
 * the merged events are as many as there are. The input is a file of blocks; their magic and sums
 * are put right first, or hardly anything of it would be read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trace/merge.h"
#include "trace/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

static void put_right(uint8_t *bytes, size_t size)
{
	struct hp_trace_block head;

	for (size_t at = 0; size - at >= sizeof(head); at += sizeof(head) + head.bytes) {
		size_t left = size - at - sizeof(head);

		memcpy(&head, bytes + at, sizeof(head));
		head.magic = HP_TRACE_MAGIC;
		if (head.bytes > left)
			head.bytes %= (uint32_t)left + 1;
		head.sum = 0;
		head.sum = hp_trace_sum(hp_trace_sum(0, &head, sizeof(head)),
					bytes + at + sizeof(head), head.bytes);
		memcpy(bytes + at, &head, sizeof(head));
	}
}

static void read_all(const struct hp_tape *tape)
{
	struct hp_merge_step step;
	struct hp_merge merge;
	uint64_t count = 0;

	if (hp_merge_init(&merge, tape))
		return;
	while (hp_merge_next(&merge, &step)) {
		const char *file = hp_callers_file(&merge.callers, step.caller);

		check(!file || strlen(file) < tape->size);
		check(step.event.op < HP_TRACE_OPS);
		check(!step.allocated || step.allocated->address == step.event.address);
		count++;
	}
	check(merge.error || count <= tape->size);
	check(merge.live.count <= count);
	hp_merge_fini(&merge);
}

static void sum_up(const struct hp_tape *tape)
{
	struct hp_callers callers = { 0 };
	struct hp_summary summary;

	if (hp_summary_read(tape, &callers, &summary))
		return;
	check(summary.peak.all.bytes == summary.peak_bytes);
	check(summary.end.all.bytes == summary.live_bytes);
	hp_summary_fini(&summary);
	hp_callers_fini(&callers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	struct hp_tape tape;

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	put_right(bytes, size);
	if (!hp_tape_parse(bytes, size, &tape)) {
		check(tape.read_bytes <= size && strlen(tape.program) < size);
		read_all(&tape);
		sum_up(&tape);
		hp_tape_close(&tape);
	}
	free(bytes);
	return 0;
}

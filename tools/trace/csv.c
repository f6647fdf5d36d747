/* The verb `trace csv`: each event as a line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace/trace.h"

#define NAME_BYTES 1024

/* Quoted where it must be, as RFC 4180 has it. */
static void print_field(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

/* Names are looked up once. */
static const char *name_of(const struct hp_callers *callers, char **names, uint32_t number)
{
	static char none[] = "";

	if (!names[number]) {
		names[number] = malloc(NAME_BYTES);
		if (!names[number])
			return none;
		hp_callers_name(callers, number, names[number], NAME_BYTES);
	}
	return names[number];
}

static void print_step(const struct hp_tape *tape, const struct hp_merge *merge,
		       const struct hp_merge_step *step, char **names)
{
	const struct hp_tape_event *event = &step->event;

	printf("%.0f,%" PRIu32 ",%s,0x%" PRIx64 ",", hp_tape_ns(tape, event->time), event->thread,
	       hp_trace_op_name(event->op), event->address);
	if (event->op != HP_TRACE_FREE)
		printf("%" PRIu64, event->bytes);
	putchar(',');
	if (event->align)
		printf("%" PRIu64, event->align);
	putchar(',');
	if (event->op == HP_TRACE_REALLOC)
		printf("0x%" PRIx64, event->old);
	putchar(',');
	if (step->is_freed)
		printf("%" PRIu64 ",%" PRIu32 ",%.0f", step->freed.bytes, step->freed.thread,
		       (double)hp_tape_span_ns(tape, event->time - step->freed.time));
	else
		fputs(",,", stdout);
	putchar(',');
	print_field(name_of(&merge->callers, names, step->caller));
	putchar('\n');
}

static int print_all(const struct hp_tape *tape, struct hp_merge *merge)
{
	char **names = NULL, **larger;
	uint32_t room = 0, count;
	struct hp_merge_step step;

	puts("ns,thread,event,address,bytes,align,old_address,freed_bytes,freed_thread,lived_ns,"
	     "caller");
	while (hp_merge_next(merge, &step) && !ferror(stdout)) {
		count = merge->callers.count;
		if (count > room) {
			larger = reallocarray(names, 2 * (size_t)count, sizeof(char *));
			if (!larger)
				break;
			names = larger;
			for (; room < 2 * count; room++)
				names[room] = NULL;
		}
		print_step(tape, merge, &step, names);
	}
	for (uint32_t i = 0; i < room; i++)
		free(names[i]);
	free(names);
	return hp_trace_finish(merge);
}

int hp_trace_csv(int argc, char **argv)
{
	return hp_trace_run_file(
		argc, argv,
		"Prints each event as a line of comma-separated values, in the order of "
		"time.",
		print_all);
}

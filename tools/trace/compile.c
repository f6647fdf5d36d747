/* See replay.h: from the merged events to what each thread does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/merge.h"
#include "trace/replay.h"

/* One thread's operations, and the slots that it may use again. */
struct thread {
	uint32_t number; /* in the trace */
	struct hp_replay_op *ops;
	size_t count, room;
	uint32_t *free;
	size_t free_count, free_room;
};

struct compiler {
	struct thread *threads; /* in the order of their first events */
	size_t thread_count;
	uint32_t *turns; /* by slot */
	size_t slot_count, slot_room;
	struct thread *last; /* whose event was the last */
};

static bool reserve(void **array, size_t *room, size_t count, size_t bytes)
{
	size_t wanted = *room ? 2 * *room : 64;
	void *larger;

	if (count < *room)
		return true;
	larger = reallocarray(*array, wanted, bytes);
	if (!larger)
		return false;
	*array = larger;
	*room = wanted;
	return true;
}

static bool add(struct thread *thread, struct hp_replay_op op)
{
	void *ops = thread->ops;
	bool has_room = reserve(&ops, &thread->room, thread->count, sizeof(op));

	thread->ops = ops;
	if (has_room)
		thread->ops[thread->count++] = op;
	return has_room;
}

/* A new thread is begun by the one whose event came before its first. */
static struct thread *thread_of(struct compiler *compiler, uint32_t number)
{
	struct thread *larger;

	for (size_t i = compiler->thread_count; i-- > 0;) {
		if (compiler->threads[i].number == number)
			return &compiler->threads[i];
	}
	if (compiler->last && !add(compiler->last, (struct hp_replay_op){
							   .kind = HP_REPLAY_SPAWN,
							   .slot = (uint32_t)compiler->thread_count,
						   }))
		return NULL;
	larger = reallocarray(compiler->threads, compiler->thread_count + 1, sizeof(*larger));
	if (!larger)
		return NULL;
	compiler->threads = larger;
	larger[compiler->thread_count] = (struct thread){ .number = number };
	return &larger[compiler->thread_count++];
}

static bool take_slot(struct compiler *compiler, struct thread *thread, uint32_t *out_slot)
{
	void *turns = compiler->turns;
	bool has_room;

	if (thread->free_count) {
		*out_slot = thread->free[--thread->free_count];
		return true;
	}
	has_room = compiler->slot_count < UINT32_MAX &&
		   reserve(&turns, &compiler->slot_room, compiler->slot_count, sizeof(uint32_t));
	compiler->turns = turns;
	if (!has_room)
		return false;
	*out_slot = (uint32_t)compiler->slot_count;
	compiler->turns[compiler->slot_count++] = 0;
	return true;
}

static bool give_slot(struct thread *thread, uint32_t slot)
{
	void *slots = thread->free;
	bool has_room =
		reserve(&slots, &thread->free_room, thread->free_count, sizeof(*thread->free));

	thread->free = slots;
	if (has_room)
		thread->free[thread->free_count++] = slot;
	return has_room;
}

static uint8_t log2_of(uint64_t align)
{
	return align ? (uint8_t)(63 - __builtin_clzll(align)) : 0;
}

static bool add_allocation(struct compiler *compiler, struct thread *thread,
			   const struct hp_merge_step *step)
{
	static const uint8_t kinds[] = { HP_REPLAY_MALLOC, HP_REPLAY_CALLOC, HP_REPLAY_ALIGNED,
					 HP_REPLAY_MALLOC };
	struct hp_replay_op op = {
		.kind = kinds[step->event.op],
		.align_log2 = log2_of(step->event.align),
		.bytes = step->event.bytes,
	};

	if (!take_slot(compiler, thread, &op.slot))
		return false;
	op.turn = ++compiler->turns[op.slot];
	step->allocated->mark = op.slot;
	return add(thread, op);
}

/* A block that is older than the trace has no slot: its free is left out. */
static bool add_step(struct compiler *compiler, const struct hp_merge_step *step)
{
	struct thread *thread = thread_of(compiler, step->event.thread);
	struct hp_replay_op op = { .kind = HP_REPLAY_FREE };

	if (!thread)
		return false;
	compiler->last = thread;
	if (!step->is_freed)
		return !step->allocated || add_allocation(compiler, thread, step);
	op.slot = (uint32_t)step->freed.mark;
	op.turn = compiler->turns[op.slot];
	if (step->event.op == HP_TRACE_REALLOC && step->allocated) {
		op.kind = HP_REPLAY_REALLOC;
		op.bytes = step->event.bytes;
		step->allocated->mark = op.slot;
		compiler->turns[op.slot]++;
		return add(thread, op);
	}
	return add(thread, op) && give_slot(thread, op.slot) &&
	       (!step->allocated || add_allocation(compiler, thread, step));
}

static bool write_all(int fd, const void *bytes, size_t count)
{
	const char *at = bytes;
	ssize_t written;

	while (count > 0) {
		written = write(fd, at, count);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		at += written;
		count -= (size_t)written;
	}
	return true;
}

static int write_program(const struct compiler *compiler)
{
	struct hp_replay_head head = { .threads = compiler->thread_count,
				       .slots = compiler->slot_count };
	struct hp_replay_thread thread;
	int fd = memfd_create("hpalloc-replay", MFD_CLOEXEC);
	bool is_well;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < compiler->thread_count; i++)
		head.ops += compiler->threads[i].count;
	is_well = write_all(fd, &head, sizeof(head));
	thread.first = 0;
	for (size_t i = 0; i < compiler->thread_count && is_well; i++) {
		thread.count = compiler->threads[i].count;
		is_well = write_all(fd, &thread, sizeof(thread));
		thread.first += thread.count;
	}
	for (size_t i = 0; i < compiler->thread_count && is_well; i++)
		is_well = write_all(fd, compiler->threads[i].ops,
				    compiler->threads[i].count * sizeof(struct hp_replay_op));
	if (is_well)
		return fd;
	close(fd);
	return -ENOMEM;
}

int hp_replay_compile(const struct hp_tape *tape)
{
	struct compiler compiler = { 0 };
	struct hp_merge_step step;
	struct hp_merge merge;
	bool is_well = true;
	int result = hp_merge_init(&merge, tape);

	if (result)
		return result;
	while (is_well && hp_merge_next(&merge, &step))
		is_well = add_step(&compiler, &step);
	result = is_well && !merge.error ? write_program(&compiler) : -ENOMEM;
	for (size_t i = 0; i < compiler.thread_count; i++) {
		free(compiler.threads[i].ops);
		free(compiler.threads[i].free);
	}
	free(compiler.threads);
	free(compiler.turns);
	hp_merge_fini(&merge);
	return result;
}

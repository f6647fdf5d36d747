/*
 * See interpreter.h. An instruction is five bytes: operation, slot, alignment, and two for the
 * size. What is missing at the end of a program reads as 0.
 */
#include "interpreter.h"

#include <errno.h>
#include <hpalloc/hpalloc.h>

#include "pattern.h"
#include "unit/support.h"

struct instruction {
	unsigned operation, slot, shape, size;
};

typedef void (*operation)(struct hp_model *model, struct hp_model_slot *slot,
			  const struct instruction *instruction);

/* Mostly small, some to 3 MB, seldom empty, lazy or impossible. */
static size_t decode_bytes(unsigned size)
{
	unsigned kind = size & 0xff, rest = size >> 8;

	if (kind < 160)
		return rest * 4 + kind % 4;
	if (kind < 224)
		return rest * 128 + kind;
	if (kind < 244)
		return rest * 1024 + kind;
	if (kind < 252)
		return rest * 12345;
	if (kind < 254)
		return rest % 4 ? rest : 33 * HP_MIB + rest;
	return rest % 16 ? 0 : SIZE_MAX / 2 - rest * 4096;
}

static bool is_possible(size_t bytes)
{
	return bytes <= HP_GIB;
}

static bool overlaps(const struct hp_model_slot *left, const struct hp_model_slot *right)
{
	return left->block < right->block + right->usable &&
	       right->block < left->block + left->usable;
}

/* What must hold for a block that was just given to the slot; fills it. */
static void adopt(struct hp_model *model, struct hp_model_slot *slot, void *block, size_t bytes,
		  size_t align)
{
	g_assert_cmpuint((uintptr_t)hp_test_opaque(block) % MAX(align, 16), ==, 0);
	*slot = (struct hp_model_slot){
		.block = hp_test_opaque(block),
		.bytes = bytes,
		.usable = hp_malloc_usable_size(block),
		.align = align,
		.seed = ++model->serial << 32,
	};
	g_assert_cmpuint(slot->usable, >=, bytes);
	g_assert_true(hp_owns(slot->block));
	for (size_t i = 0; i < HP_MODEL_SLOTS; i++) {
		const struct hp_model_slot *other = &model->slots[i];

		if (other != slot && other->block)
			g_assert_false(overlaps(slot, other));
	}
	hp_pattern_fill(slot->block, slot->usable, slot->seed);
}

/* Whether a block came; if not, that it may be so. */
static bool came(struct hp_model *model, const void *block, int error, size_t bytes)
{
	if (block) {
		g_assert_true(is_possible(bytes));
		return true;
	}
	g_assert_cmpint(error, ==, ENOMEM);
	g_assert_true(model->may_be_refused || !is_possible(bytes));
	model->refusals++;
	return false;
}

static void check(const struct hp_model_slot *slot)
{
	if (!slot->block)
		return;
	g_assert_cmpuint(hp_malloc_usable_size(slot->block), ==, slot->usable);
	g_assert_true(hp_pattern_is_there(slot->block, slot->usable, slot->usable, slot->seed));
}

static void release(struct hp_model_slot *slot)
{
	check(slot);
	hp_free(slot->block);
	*slot = (struct hp_model_slot){ 0 };
}

static void do_malloc(struct hp_model *model, struct hp_model_slot *slot,
		      const struct instruction *instruction)
{
	size_t bytes = decode_bytes(instruction->size);
	void *block;

	release(slot);
	block = hp_malloc(bytes);
	if (came(model, block, errno, bytes))
		adopt(model, slot, block, bytes, 0);
}

static void do_calloc(struct hp_model *model, struct hp_model_slot *slot,
		      const struct instruction *instruction)
{
	size_t count = 1 + instruction->shape % 7;
	size_t bytes = decode_bytes(instruction->size) / count;
	void *block;

	release(slot);
	block = hp_calloc(count, bytes);
	if (!came(model, block, errno, count * bytes))
		return;
	g_assert_true(hp_pattern_is_zero(block, count * bytes));
	adopt(model, slot, block, count * bytes, 0);
}

static void change(struct hp_model *model, struct hp_model_slot *slot, size_t count, size_t bytes)
{
	struct hp_model_slot old = *slot;
	void *block;

	check(slot);
	block = count == 1 ? hp_realloc(old.block, bytes)
			   : hp_reallocarray(old.block, count, bytes);
	if (old.block && count * bytes == 0) {
		g_assert_null(block);
		*slot = (struct hp_model_slot){ 0 };
		return;
	}
	if (!came(model, block, errno, count * bytes)) {
		check(slot);
		return;
	}
	if (old.block)
		g_assert_true(hp_pattern_is_there(block, old.usable, MIN(old.bytes, count * bytes),
						  old.seed));
	slot->block = NULL;
	adopt(model, slot, block, count * bytes, 0);
}

static void do_realloc(struct hp_model *model, struct hp_model_slot *slot,
		       const struct instruction *instruction)
{
	change(model, slot, 1, decode_bytes(instruction->size));
}

static void do_reallocarray(struct hp_model *model, struct hp_model_slot *slot,
			    const struct instruction *instruction)
{
	size_t count = 2 + instruction->shape % 7;

	change(model, slot, count, decode_bytes(instruction->size) / count);
}

/* By a fifth more or less, as buffers grow. */
static void do_resize(struct hp_model *model, struct hp_model_slot *slot,
		      const struct instruction *instruction)
{
	size_t fifth = slot->bytes / 5 + 1;

	change(model, slot, 1, instruction->shape % 3 ? slot->bytes + fifth : slot->bytes - fifth);
}

static void do_free(struct hp_model *model, struct hp_model_slot *slot,
		    const struct instruction *instruction)
{
	int kept;

	(void)model;
	check(slot);
	errno = kept = (int)instruction->shape;
	hp_free(slot->block);
	g_assert_cmpint(errno, ==, kept);
	*slot = (struct hp_model_slot){ 0 };
}

static void do_free_sized(struct hp_model *model, struct hp_model_slot *slot,
			  const struct instruction *instruction)
{
	(void)model;
	(void)instruction;
	check(slot);
	if (slot->align)
		hp_free_aligned_sized(slot->block, slot->align, slot->bytes);
	else
		hp_free_sized(slot->block, slot->bytes);
	*slot = (struct hp_model_slot){ 0 };
}

/* 1 to 128 KiB, seldom 16 MiB. */
static size_t decode_align(unsigned shape)
{
	return shape == 255 ? 16 * HP_MIB : (size_t)1 << shape % 18;
}

/* An alignment costs address space: the impossible begins a little lower. */
static void do_aligned_alloc(struct hp_model *model, struct hp_model_slot *slot,
			     const struct instruction *instruction)
{
	size_t align = decode_align(instruction->shape);
	size_t bytes = decode_bytes(instruction->size);
	void *block;

	release(slot);
	block = hp_aligned_alloc(align, bytes);
	if (came(model, block, errno, bytes))
		adopt(model, slot, block, bytes, align);
}

static void do_memalign(struct hp_model *model, struct hp_model_slot *slot,
			const struct instruction *instruction)
{
	size_t align = decode_align(instruction->shape);
	size_t bytes = decode_bytes(instruction->size);
	void *block;

	release(slot);
	block = hp_memalign(align - align / 4, bytes);
	if (came(model, block, errno, bytes))
		adopt(model, slot, block, bytes, align);
}

static void do_posix_memalign(struct hp_model *model, struct hp_model_slot *slot,
			      const struct instruction *instruction)
{
	size_t align = MAX(decode_align(instruction->shape), sizeof(void *));
	size_t bytes = decode_bytes(instruction->size);
	void *block = NULL;
	int error;

	release(slot);
	error = hp_posix_memalign(&block, align, bytes);
	if (came(model, error ? NULL : block, error, bytes))
		adopt(model, slot, block, bytes, align);
}

static void do_valloc(struct hp_model *model, struct hp_model_slot *slot,
		      const struct instruction *instruction)
{
	size_t bytes = decode_bytes(instruction->size);
	bool is_whole = instruction->shape % 2;
	size_t whole = (bytes + HP_TEST_PAGE - 1) / HP_TEST_PAGE * HP_TEST_PAGE;
	void *block;

	release(slot);
	block = is_whole ? hp_pvalloc(bytes) : hp_valloc(bytes);
	if (came(model, block, errno, bytes))
		adopt(model, slot, block, is_whole ? whole : bytes, HP_TEST_PAGE);
}

static void do_ask(struct hp_model *model, struct hp_model_slot *slot,
		   const struct instruction *instruction)
{
	size_t bytes = decode_bytes(instruction->size);

	(void)model;
	g_assert_cmpuint(hp_good_size(bytes), >=, bytes);
	g_assert_false(hp_owns(&bytes));
	check(slot);
}

static void do_exchange(struct hp_model *model, struct hp_model_slot *slot,
			const struct instruction *instruction)
{
	struct hp_model_slot *other, mine = *slot;

	if (!model->exchange)
		return;
	other = &model->exchange->slots[instruction->shape % HP_MODEL_EXCHANGE];
	pthread_mutex_lock(&model->exchange->lock);
	*slot = *other;
	*other = mine;
	pthread_mutex_unlock(&model->exchange->lock);
	check(slot);
}

/* Both may take long: seldom. */
static void do_control(struct hp_model *model, struct hp_model_slot *slot,
		       const struct instruction *instruction)
{
	struct hp_stats stats;

	(void)model;
	(void)slot;
	if (instruction->shape == 0)
		hp_trim(decode_bytes(instruction->size));
	if (instruction->shape < 8)
		g_assert_cmpint(hp_stats_get(&stats, sizeof(stats)), ==, 0);
}

static const operation operations[] = {
	do_malloc,   do_malloc,		do_malloc, do_malloc,	  do_calloc,
	do_realloc,  do_reallocarray,	do_resize, do_resize,	  do_free,
	do_free,     do_free,		do_free,   do_free_sized, do_aligned_alloc,
	do_memalign, do_posix_memalign, do_valloc, do_ask,	  do_exchange,
	do_exchange, do_control,
};

void hp_model_init(struct hp_model *model, struct hp_model_exchange *exchange, unsigned number)
{
	*model = (struct hp_model){ .exchange = exchange, .serial = (uint64_t)number << 24 };
}

void hp_model_run(struct hp_model *model, const uint8_t *program, size_t length)
{
	enum { BYTES = 5 };

	for (size_t at = 0; at < length; at += BYTES) {
		uint8_t bytes[BYTES] = { 0 };
		struct instruction instruction;

		for (size_t i = 0; i < BYTES && at + i < length; i++)
			bytes[i] = program[at + i];
		instruction = (struct instruction){
			.operation = bytes[0],
			.slot = bytes[1],
			.shape = bytes[2],
			.size = (unsigned)bytes[3] << 8 | bytes[4],
		};
		operations[instruction.operation % HP_TEST_COUNT(operations)](
			model, &model->slots[instruction.slot % HP_MODEL_SLOTS], &instruction);
		model->operations++;
	}
}

void hp_model_run_random(struct hp_model *model, uint64_t seed, uint64_t count)
{
	uint64_t end = model->operations + count;
	uint64_t program[512];

	while (model->operations < end) {
		for (size_t i = 0; i < HP_TEST_COUNT(program); i++)
			program[i] = hp_test_random(&seed);
		hp_model_run(model, (const uint8_t *)program, sizeof(program));
	}
}

void hp_model_fini(struct hp_model *model)
{
	for (size_t i = 0; i < HP_MODEL_SLOTS; i++)
		release(&model->slots[i]);
}

void hp_model_exchange_fini(struct hp_model_exchange *exchange)
{
	for (size_t i = 0; i < HP_MODEL_EXCHANGE; i++)
		release(&exchange->slots[i]);
}

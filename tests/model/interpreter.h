/*
 * A small machine whose programs are any bytes: each instruction is a call of one function of the
 * heap on one of its slots. A shadow model knows what every block must hold, and checks it.
 *
 * What is verified: content (so overlap and loss), alignment, usable size, zeros, ownership, and
 * that a request is refused only where it may be. Blocks travel between machines by an exchange.
 */
#ifndef HP_MODEL_INTERPRETER_H
#define HP_MODEL_INTERPRETER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HP_MODEL_SLOTS = 48, HP_MODEL_EXCHANGE = 32 };

/*
 * A block and what the model knows of it. All usable bytes hold the pattern of `seed`; `bytes` is
 * what was asked for, `align` the alignment that was, or 0 for a block of malloc's kind.
 */
struct hp_model_slot {
	unsigned char *block;
	size_t bytes, usable, align;
	uint64_t seed;
};

/* Blocks on their way from one thread to another. */
struct hp_model_exchange {
	pthread_mutex_t lock;
	struct hp_model_slot slots[HP_MODEL_EXCHANGE];
};

struct hp_model {
	struct hp_model_slot slots[HP_MODEL_SLOTS];
	struct hp_model_exchange *exchange; /* NULL: alone */
	uint64_t serial;		    /* of the next pattern */
	uint64_t operations, refusals;	    /* so far */
	bool may_be_refused;		    /* any request, because failures are injected */
};

/* `number` tells the machines of one program apart. */
void hp_model_init(struct hp_model *model, struct hp_model_exchange *exchange, unsigned number);

void hp_model_run(struct hp_model *model, const uint8_t *program, size_t length);

/* Runs about so many operations of a random program. */
void hp_model_run_random(struct hp_model *model, uint64_t seed, uint64_t operations);

/* Checks and frees all blocks. */
void hp_model_fini(struct hp_model *model);
void hp_model_exchange_fini(struct hp_model_exchange *exchange);

#endif

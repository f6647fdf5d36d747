/*
 * Mixed: each thread keeps 1,024 blocks of 16 bytes to 16 KB, as many in each octave, and puts a
 * new one in the place of one drawn at random. Of those replaced, a tenth are freed by another
 * thread. One operation is one malloc and one free, all threads together.
 *
 * Blocks change hands through an exchange: who has a batch of 64 to give away swaps it for one
 * that another thread left there, so what lies there stays the same. With one thread the tenth is
 * just freed later.
 */
#include "workload.h"

#include <pthread.h>
#include <sched.h>

enum { BLOCKS = 1024, OCTAVE_MIN = 4, OCTAVES = 10, THREADS_MAX = 4 };
enum { BATCH = 64, EXCHANGE = 16, CHANCES = 16, FOREIGN_ONE_IN = 10 };

struct batch {
	uintptr_t from; /* number of the thread that filled it */
	size_t length;
	void *blocks[BATCH];
};

static void *blocks[THREADS_MAX][BLOCKS];
static struct batch giveaways[THREADS_MAX];
static struct {
	pthread_mutex_t lock;
	size_t turn, working; /* threads that are not through */
	struct batch batches[EXCHANGE];
} exchange = { .lock = PTHREAD_MUTEX_INITIALIZER };
static size_t rounds;

static void delete_all(struct batch *batch)
{
	for (size_t i = 0; i < batch->length; i++)
		bench_delete(batch->blocks[i]);
	batch->length = 0;
}

/* The next batch that another thread left, or an empty place; NULL if all are the thread's own. */
static struct batch *find_place(uintptr_t number)
{
	for (size_t i = 0; i < EXCHANGE; i++) {
		struct batch *at = &exchange.batches[exchange.turn++ % EXCHANGE];

		if (!at->length || at->from != number)
			return at;
	}
	return NULL;
}

/*
 * Swaps it for what find_place() gives. Where threads share a core, the others get some chances to
 * leave something; after those it takes one of its own.
 */
static void swap(struct batch *batch)
{
	struct batch *at, given = *batch;
	size_t chances = CHANCES;

	pthread_mutex_lock(&exchange.lock);
	while (!(at = find_place(given.from)) && exchange.working > 1 && chances--) {
		pthread_mutex_unlock(&exchange.lock);
		sched_yield();
		pthread_mutex_lock(&exchange.lock);
	}
	if (!at)
		at = &exchange.batches[exchange.turn++ % EXCHANGE];
	*batch = *at;
	*at = given;
	pthread_mutex_unlock(&exchange.lock);
}

static void give_away(struct batch *batch, uintptr_t number, void *block)
{
	batch->from = number;
	batch->blocks[batch->length++] = block;
	if (batch->length < BATCH)
		return;
	swap(batch);
	delete_all(batch);
}

static void *work(void *argument)
{
	uintptr_t number = (uintptr_t)argument;
	uint64_t random = number + 1;
	void **own = blocks[number];
	struct batch *giveaway = &giveaways[number];

	for (size_t i = 0; i < rounds; i++) {
		void **at = &own[bench_random_below(&random, BLOCKS)];
		size_t octave = (size_t)1 << (OCTAVE_MIN + bench_random_below(&random, OCTAVES));

		if (*at && bench_random_below(&random, FOREIGN_ONE_IN) == 0)
			give_away(giveaway, number, *at);
		else
			bench_delete(*at);
		*at = bench_new(octave + bench_random_below(&random, octave));
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		bench_delete(own[i]);
		own[i] = NULL;
	}
	delete_all(giveaway);
	pthread_mutex_lock(&exchange.lock);
	exchange.working--;
	pthread_mutex_unlock(&exchange.lock);
	return NULL;
}

static void run(const struct bench_case *self)
{
	size_t threads = self->parameter;
	double seconds;

	rounds = bench_count(4000000) / threads;
	exchange.working = threads;
	seconds = bench_run_threads(threads, work);
	for (size_t i = 0; i < EXCHANGE; i++)
		delete_all(&exchange.batches[i]);
	bench_report_ns(self, seconds, (double)(rounds * threads));
}

const struct bench_case bench_cases[] = {
	{ "mixed-1t", run, 1, 0 },
	{ "mixed-2t", run, 2, 0 },
	{ "mixed-4t", run, 4, 0 },
	{ 0 },
};

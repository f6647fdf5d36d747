/*
 * Producers and consumers: the ones allocate blocks of 16 to 256 bytes, the others free them. Every
 * free is foreign, and each thread does only one of the two. One operation is one block's way.
 *
 * Blocks go over in batches of 128 through one bounded queue. Who finds it empty sleeps until it
 * is half full, who finds it full until it is half empty: a wake-up is a system call, and one for
 * each batch would be what is measured.
 */
#include "workload.h"

#include <pthread.h>
#include <string.h>

enum { BATCH = 128, QUEUE = 64, SIZE_MIN = 16, SIZE_MAX_EXCLUSIVE = 257, THREADS_MAX = 8 };

struct batch {
	void *blocks[BATCH];
};

static struct {
	pthread_mutex_t lock; /* guards all of it */
	pthread_cond_t is_half_full, is_half_empty;
	struct batch ring[QUEUE];
	size_t first, length;
	size_t open; /* producers that are not through */
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER,
	    .is_half_full = PTHREAD_COND_INITIALIZER,
	    .is_half_empty = PTHREAD_COND_INITIALIZER };

static size_t producers, batches_each;
static size_t bytes_of[THREADS_MAX]; /* each thread's, written as it ends */

static void push(const struct batch *batch)
{
	pthread_mutex_lock(&queue.lock);
	while (queue.length == QUEUE)
		pthread_cond_wait(&queue.is_half_empty, &queue.lock);
	queue.ring[(queue.first + queue.length++) % QUEUE] = *batch;
	if (queue.length == QUEUE / 2)
		pthread_cond_broadcast(&queue.is_half_full);
	pthread_mutex_unlock(&queue.lock);
}

/* False: the queue is empty and will stay so. */
static bool pop(struct batch *out_batch)
{
	bool has_batch;

	pthread_mutex_lock(&queue.lock);
	while (queue.length == 0 && queue.open)
		pthread_cond_wait(&queue.is_half_full, &queue.lock);
	has_batch = queue.length > 0;
	if (has_batch) {
		*out_batch = queue.ring[queue.first];
		queue.first = (queue.first + 1) % QUEUE;
		if (--queue.length == QUEUE / 2)
			pthread_cond_broadcast(&queue.is_half_empty);
	}
	pthread_mutex_unlock(&queue.lock);
	return has_batch;
}

static void leave(void)
{
	pthread_mutex_lock(&queue.lock);
	if (--queue.open == 0)
		pthread_cond_broadcast(&queue.is_half_full);
	pthread_mutex_unlock(&queue.lock);
}

static size_t produce(uint64_t random)
{
	size_t total = 0;
	struct batch batch;

	for (size_t i = 0; i < batches_each; i++) {
		for (size_t j = 0; j < BATCH; j++) {
			size_t bytes = SIZE_MIN +
				       bench_random_below(&random, SIZE_MAX_EXCLUSIVE - SIZE_MIN);

			batch.blocks[j] = bench_new(bytes);
			total += bytes;
		}
		push(&batch);
	}
	leave();
	return total;
}

static size_t consume(void)
{
	size_t total = 0;
	struct batch batch;

	while (pop(&batch)) {
		for (size_t i = 0; i < BATCH; i++)
			total += bench_delete(batch.blocks[i]);
	}
	return total;
}

static void *work(void *argument)
{
	uintptr_t number = (uintptr_t)argument;

	bytes_of[number] = number < producers ? produce(number + 1) : consume();
	return NULL;
}

static void run(const struct bench_case *self)
{
	size_t consumers = self->second, made = 0, freed = 0;
	double seconds;

	producers = self->parameter;
	batches_each = bench_count(60000) / producers;
	queue.open = producers;
	seconds = bench_run_threads(producers + consumers, work);
	for (size_t i = 0; i < producers + consumers; i++)
		*(i < producers ? &made : &freed) += bytes_of[i];
	bench_check(made == freed, "other bytes freed than allocated");
	bench_report_ns(self, seconds, (double)(producers * batches_each * BATCH));
}

const struct bench_case bench_cases[] = {
	{ "queues-1to1", run, 1, 1 },
	{ "queues-1to3", run, 1, 3 },
	{ "queues-3to1", run, 3, 1 },
	{ 0 },
};

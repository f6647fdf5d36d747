/*
 * Producers and consumers: all blocks are freed by other threads than took them, and the memory
 * stays what the queue holds.
 */
#include <errno.h>
#include <pthread.h>

#include "stress.h"

enum { QUEUE = 1024, THREADS_MAX = 4 };

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void *blocks[QUEUE];
	size_t count;
	bool is_closed;
};

static struct queue queue;

static void put(void *block)
{
	pthread_mutex_lock(&queue.lock);
	while (queue.count == QUEUE)
		pthread_cond_wait(&queue.changed, &queue.lock);
	queue.blocks[queue.count++] = block;
	pthread_cond_broadcast(&queue.changed);
	pthread_mutex_unlock(&queue.lock);
}

/* Takes up to a half of what is there, so that the lock is not the bottleneck; 0 at the end. */
static size_t get(void **blocks, size_t most)
{
	size_t count;

	pthread_mutex_lock(&queue.lock);
	while (queue.count == 0 && !queue.is_closed)
		pthread_cond_wait(&queue.changed, &queue.lock);
	count = MIN(queue.count, most);
	for (size_t i = 0; i < count; i++)
		blocks[i] = queue.blocks[--queue.count];
	pthread_cond_broadcast(&queue.changed);
	pthread_mutex_unlock(&queue.lock);
	return count;
}

static void *produce(void *number)
{
	uint64_t random = (uintptr_t)number + 1;

	while (!hp_stress_is_over()) {
		for (int i = 0; i < 100; i++)
			put(hp_stress_take(16 + hp_test_random(&random) % 2000));
	}
	return NULL;
}

static void *consume(void *argument)
{
	void *blocks[QUEUE / 2];
	size_t count;

	(void)argument;
	while ((count = get(blocks, HP_TEST_COUNT(blocks))) > 0) {
		for (size_t i = 0; i < count; i++)
			hp_stress_free(blocks[i]);
	}
	return NULL;
}

static void run(size_t producers, size_t consumers)
{
	pthread_t from[THREADS_MAX], to[THREADS_MAX];

	hp_stress_begin();
	pthread_mutex_init(&queue.lock, NULL);
	pthread_cond_init(&queue.changed, NULL);
	for (size_t i = 0; i < producers; i++)
		pthread_create(&from[i], NULL, produce, (void *)i);
	for (size_t i = 0; i < consumers; i++)
		pthread_create(&to[i], NULL, consume, NULL);
	for (size_t i = 0; i < producers; i++)
		pthread_join(from[i], NULL);
	pthread_mutex_lock(&queue.lock);
	queue.is_closed = true;
	pthread_cond_broadcast(&queue.changed);
	pthread_mutex_unlock(&queue.lock);
	for (size_t i = 0; i < consumers; i++)
		pthread_join(to[i], NULL);
	/* The queue holds 1 MB, the rest is what batches and bins may hold up. */
	g_assert_cmpuint(hp_test_stats().peak_bytes, <=, 16 * HP_MIB);
	hp_stress_end();
}

static void one_to_one_takes_constant_memory(void)
{
	if (hp_test_fresh(""))
		run(1, 1);
}

static void four_to_one_takes_constant_memory(void)
{
	if (hp_test_fresh(""))
		run(4, 1);
}

static void one_to_four_takes_constant_memory(void)
{
	if (hp_test_fresh(""))
		run(1, 4);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/queues/one-to-one-takes-constant-memory",
			one_to_one_takes_constant_memory);
	g_test_add_func("/queues/four-to-one-takes-constant-memory",
			four_to_one_takes_constant_memory);
	g_test_add_func("/queues/one-to-four-takes-constant-memory",
			one_to_four_takes_constant_memory);
	return g_test_run();
}
